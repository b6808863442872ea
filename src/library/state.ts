import { createMemoryState, openStore } from "../compose.ts";
import type { Store } from "../store/store.ts";
import { findProject, type Project } from "../util/project.ts";

/** Runs that live as long as this object: a run of `memoryState()` can be resumed with the same object alone. */
export interface MemoryState {
  readonly kind: "memory";
}

/** Where runs are kept: the path of a state file, or memory. */
export type State = string | MemoryState;

/** State without a disk, for tests and for runs that nobody will resume. */
export function memoryState(): MemoryState {
  const state: HeldState = { kind: "memory", store: createMemoryState() };
  return state;
}

interface HeldState extends MemoryState {
  readonly store: Store;
}

/** The state of a call, opened; `close` leaves memory as it is. Throws StoreError. */
export interface OpenState {
  readonly project: Project;
  readonly store: Store;
  close(): void;
}

/** Opens the state that a call names; default: that of the project around `cwd`, as the command does it. */
export function openState(cwd: string, state: State | undefined): OpenState {
  const project = findProject(cwd, typeof state === "string" ? state : null);
  if (typeof state === "object") return { project, store: (state as HeldState).store, close: () => {} };
  const store = openStore(project, { readOnly: false });
  return { project, store, close: () => store.close() };
}
