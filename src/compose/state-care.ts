import { mayTake } from "../compose.ts";
import { inspectState, repairState, type StateInspection } from "../store/sqlite/inspect.ts";
import { systemClock } from "../util/clock.ts";
import type { Project } from "../util/project.ts";

export type { StateInspection };
export type StateRepair = ReturnType<typeof repairState>;

/** Reads all there is of the project's state, which must exist. */
export function inspectProjectState({ statePath }: Project): StateInspection {
  return inspectState({ path: statePath, clock: systemClock, warnings: process });
}

/** Moves the log into the file, deletes what dead processes began, and saves what is whole of a damaged file. Throws StoreError. */
export function repairProjectState({ statePath }: Project): StateRepair {
  const isDead = mayTake(systemClock);
  return repairState({
    path: statePath,
    clock: systemClock,
    warnings: process,
    isAlive: (owner) => !isDead(owner),
  });
}
