import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Where a project lies: its root, and its state. */
export interface Project {
  /** Absolute: the nearest folder above that has `.muster` or `.git`, else the current one. */
  readonly root: string;
  /** Absolute path of the state file. */
  readonly statePath: string;
}

/** Finds the project around a folder. `statePath` is `--state` (or MUSTER_STATE); null = `.muster/state.db` in the root. */
export function findProject(cwd: string, statePath: string | null): Project {
  const root = findProjectRoot(cwd);
  return { root, statePath: statePath === null ? join(root, ".muster", "state.db") : resolve(cwd, statePath) };
}

/** Where runs have folders of their own: `runs` beside the state. */
export function runsFolderOf(project: Project): string {
  return join(dirname(project.statePath), "runs");
}

/** The root of the project around a folder. */
export function findProjectRoot(cwd: string): string {
  return nearest(cwd, [".muster", ".git"]) ?? cwd;
}

/** The nearest folder, from this one up, that holds one of the names; null when none does. */
export function nearest(from: string, names: readonly string[]): string | null {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (names.some((name) => existsSync(join(folder, name)))) return folder;
    if (dirname(folder) === folder) return null;
  }
}
