import { join } from "node:path";
import type { PlannedWorkspace } from "../../plan/types.ts";
import { mkdirSafely } from "./place-file.ts";
import { branchName, type Worktrees } from "./worktree.ts";

/** The folder in which one unit works. */
export interface UnitFolder {
  readonly path: string;
  /** It is shared with other steps: files that are put there are seen by them. */
  readonly isShared: boolean;
  /** The unit has ended. Gives the branch on which its changes are, or null. Throws. */
  close(): Promise<string | null>;
}

export interface UnitFolderOptions {
  /** Absolute path of the repository, or what stands for it. */
  readonly workspace: string;
  /** Makes the empty folder of a unit. */
  readonly isolated: (runId: string, unit: string, goesOn: boolean) => string;
  readonly worktrees: Worktrees;
  /** Where worktrees are made: `.muster/runs`. */
  readonly runsFolder: string;
}

/** Makes the folders in which units work. Throws the system's errors, GitError and CannotPlace. */
export class UnitFolders {
  readonly #o: UnitFolderOptions;

  constructor(options: UnitFolderOptions) {
    this.#o = options;
  }

  /** `unit` is its lasting name for files, `label` that for people; with `goesOn` what is in the folder stays. */
  async open(
    kind: PlannedWorkspace,
    { runId, unit, label, goesOn }: { runId: string; unit: string; label: string; goesOn: boolean },
  ): Promise<UnitFolder> {
    const { isolated, worktrees, runsFolder } = this.#o;
    const nothing = (): Promise<null> => Promise.resolve(null);
    if (kind === "isolated") return { path: isolated(runId, unit, goesOn), isShared: false, close: nothing };
    if (kind !== "worktree") return { path: this.shared(kind), isShared: true, close: nothing };
    const path = join(runsFolder, runId, "trees", unit);
    const branch = branchName(runId, label);
    await worktrees.open(path, branch, goesOn);
    return { path, isShared: false, close: () => worktrees.close(path, branch) };
  }

  /** A folder that steps share; made when it is not there. */
  shared(kind: Exclude<PlannedWorkspace, "isolated" | "worktree">): string {
    const { workspace } = this.#o;
    if (kind === "repo") return workspace;
    mkdirSafely(workspace, kind.path);
    return join(workspace, kind.path);
  }
}
