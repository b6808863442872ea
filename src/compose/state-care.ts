import { inspectState, repairState, type StateInspection } from "../store/sqlite/inspect.ts";
import { systemClock } from "../util/clock.ts";
import type { Project } from "../util/project.ts";

export type { StateInspection };

/** Reads all there is of the project's state, which must exist. */
export function inspectProjectState({ statePath }: Project): StateInspection {
  return inspectState({ path: statePath, clock: systemClock, warnings: process });
}

/** Moves the log into the file and deletes what dead processes began. Throws StoreError. */
export function repairProjectState({ statePath }: Project): { readonly drafts: number } {
  return repairState({ path: statePath, clock: systemClock, warnings: process });
}
