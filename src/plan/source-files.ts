import type { SourceFile } from "../diagnostic/source.ts";
import { err, ok, type Result } from "../util/result.ts";
import { emptyLock, type LockState } from "./lock.ts";
import type { RepositoryCommit, RepositoryProblem } from "./repository.ts";

/** Why a file cannot be read. */
export interface FileProblem {
  /** There is none, which is the only reason to look for another name. */
  readonly isMissing: boolean;
  /** What is wrong, to stand behind the path: `is outside of the repository`. */
  readonly message: string;
}

/** Text files by their paths, with `/` and without `.`: those beside a manifest, or those of another repository. */
export interface TextSource {
  /** Gives files inside of the repository only. The path of the result is for people. */
  read(path: string): Result<SourceFile, FileProblem>;
}

/** A file of a repository, with the SHA-256 of its bytes (64 hex digits). */
export interface RepositoryFile extends SourceFile {
  readonly sha256: string;
}

/** The files of a repository at one commit. */
export interface RepositoryFiles {
  /** A text file by its path from the root of the repository, with `/` and without `.`; links are not followed. */
  read(path: string): Result<RepositoryFile, FileProblem>;
}

/**
 * The files beside a manifest, by paths relative to the folder of the manifest at the top, which may start with `..`;
 * links are followed. The caller reads them, so that planning itself touches nothing.
 */
export interface SourceFiles extends TextSource {
  /** Another repository at one commit, fetched where it is not at hand. */
  repository(at: RepositoryCommit): Result<RepositoryFiles, RepositoryProblem>;
  /** What `muster.lock` says, and whether it may grow. The error is a sentence that stands behind its name. */
  lock(): Result<LockState, string>;
  /** Whether an endpoint for searches is configured here. Default: none is. */
  readonly canSearch?: boolean;
  /** Whether an issuer that the project trusts vouches for identities of a kind, such as `github`. Default: none does. */
  vouches?(kind: string): boolean;
}

/** For manifests that stand alone. */
export const noFiles: SourceFiles = {
  read: () => err({ isMissing: true, message: "cannot be read here: the manifest stands alone" }),
  repository: () => err({ message: "other repositories cannot be used here: the manifest stands alone", help: null }),
  lock: () => ok({ lock: emptyLock, isFrozen: false }),
};

/** The path of a file that is named relative to another: both relative to the same folder. The error is a sentence. */
export function pathBeside(file: string, relative: string): Result<string, string> {
  if (/^(?:[/\\]|[A-Za-z]:)/.test(relative)) return err("is absolute: write it relative to this file");
  if (relative.includes("\\")) return err("has a backslash: folders end in `/`");
  const parts = file.split("/").slice(0, -1);
  for (const part of relative.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return ok(parts.join("/"));
}
