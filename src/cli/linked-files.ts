/** A tree of files with links: the working tree, or a commit. Paths are with `/`, from its root. */
export interface LinkedTree {
  /** What lies below a folder, itself behind no link; `links` lead to files and to folders, and are not followed. */
  list(folder: string): { readonly files: readonly string[]; readonly links: readonly string[] };
  /** Where a path leads through links; null: out of the tree, in circles, or nowhere. */
  follow(path: string): { readonly kind: "file" | "folder"; readonly path: string } | null;
}

export interface FoundFiles {
  /** What each file is called, and where it lies: the two differ behind a link. */
  readonly files: ReadonlyMap<string, string>;
  /** Links that lead out of the tree, in circles, or nowhere. */
  readonly lost: readonly string[];
}

/**
 * The files below folders, links followed. Each folder is looked into once, under its own name if it lies below one of
 * the given; one that a link leads back up to is not.
 */
export function filesBelow(tree: LinkedTree, folders: readonly string[]): FoundFiles {
  const files = new Map<string, string>();
  const lost: string[] = [];
  const seen: string[] = [];
  const todo = folders.map((path) => ({ path, isGiven: true }));
  for (const { path, isGiven } of todo) {
    const target = tree.follow(path);
    if (target === null) {
      lost.push(path);
      continue;
    }
    if (target.kind === "file") {
      files.set(path, target.path);
      continue;
    }
    if (!isGiven && seen.some((folder) => isBelow(target.path, folder) || isBelow(folder, target.path))) continue;
    seen.push(target.path);
    const called = (real: string): string =>
      joined(path, target.path === "" ? real : real.slice(target.path.length + 1));
    const { files: own, links } = tree.list(target.path);
    for (const real of own) files.set(called(real), real);
    for (const link of [...links].sort()) todo.push({ path: called(link), isGiven: false });
  }
  return { files, lost };
}

/** Whether a path is the folder, or lies below it; all do below the root, which is empty. */
export function isBelow(path: string, folder: string): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}

function joined(folder: string, rest: string): string {
  return folder === "" ? rest : `${folder}/${rest}`;
}
