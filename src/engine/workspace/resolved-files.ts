import type { PlannedWorkspace } from "../../plan/types.ts";
import type { Artifact } from "../../run/artifact.ts";

/** Files that a unit has to do with, their paths resolved. */
export interface ResolvedFiles {
  /** Artifacts that are put into its workspace. */
  readonly artifacts: readonly Artifact[];
  /** Files of the repository that are put into a workspace of its own. */
  readonly sources: readonly string[];
  readonly writes: readonly WritePath[];
}

/** A path of `writes` with its values put in. */
export interface WritePath {
  readonly path: string;
  readonly isGlob: boolean;
}

/** What a step left behind and where its workspace is. */
export interface LeftFiles {
  /** Path of the step, ids alone. */
  readonly step: string;
  readonly workspace: PlannedWorkspace;
  readonly artifacts: readonly Artifact[];
}
