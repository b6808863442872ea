/** A commit of a repository: `owner/repo`, and its 40 hex digits. */
export interface RepositoryCommit {
  readonly repository: string;
  readonly commit: string;
}

/** Why a repository is not at hand, in a sentence without a full stop. */
export interface RepositoryProblem {
  readonly message: string;
  readonly help: string | null;
}

/** `owner/repo/path@SHA` in its parts; null for the path of a file. The schema has looked at its form. */
export function remoteWorkflow(written: string): (RepositoryCommit & { readonly path: string }) | null {
  const match = /^([^./][^/]*\/[^/]+)\/(.+)@([0-9a-f]{40})$/.exec(written);
  if (match === null) return null;
  const [, repository = "", path = "", commit = ""] = match;
  return { repository, path, commit };
}

/** What a file is called in plans and messages. */
export function nameInCommit({ repository, commit }: RepositoryCommit, path: string): string {
  return `${repository}/${path}@${commit}`;
}

/** A commit as it is named in `muster.lock`: `owner/repo@SHA`. */
export function commitName({ repository, commit }: RepositoryCommit): string {
  return `${repository}@${commit}`;
}
