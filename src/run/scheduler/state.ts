import type { FailureClass } from "../../plan/types.ts";
import { NumberMap } from "../../util/number-map.ts";
import type { SkipCause } from "./command.ts";
import type { AttemptOutcome } from "./event.ts";
import { Fifo } from "./fifo.ts";
import type { Graph, StepNode } from "./graph.ts";

/**
 * All that the scheduler remembers. `apply` changes it in place; equal graph and events give equal state.
 * Items that have not started are only counters; a unit is forgotten when it is over.
 */
export interface SchedulerState {
  phase: "idle" | "running" | "closed";
  interrupted: boolean;
  /** Set by `cancel`: how the run will end. */
  cancelledAs: "cancelled" | "failed" | null;
  readonly scopes: NumberMap<ScopeState>;
  readonly units: NumberMap<UnitState>;
  /** Attempts that attempts have started (guest.ts). */
  readonly guests: NumberMap<GuestState>;
  nextScope: number;
  nextUnit: number;
  heldSlots: number;
  /** Units and guests that may go on as soon as a slot is free: ahead of new work. */
  readonly resumable: Fifo<number>;
  /** Steps inside open child scopes: ahead of new work at the top, so that what was begun is ended first. */
  readonly inner: Fifo<StepAddress>;
  readonly ready: Fifo<StepAddress>;
  /** Units that failed for good since the last success. */
  failuresInARow: number;
}

export interface StepAddress {
  readonly scope: number;
  readonly step: number;
}

export interface ScopeState {
  readonly id: number;
  /** Position in `graph.scopes`. */
  readonly graph: number;
  /** The unit that opened it; null for the workflow. */
  readonly parent: number | null;
  readonly steps: StepState[];
  /** Steps that have not ended: of the body, then of `finally`. */
  openMain: number;
  openFinally: number;
  /** A step failed uncaught: one of the body; any, those of `finally` among them. */
  bodyFailed: boolean;
  failed: boolean;
  /** No new step of the body may start. */
  cancelling: boolean;
}

export type StepStatus = "pending" | "gating" | "open" | "succeeded" | "failed" | "skipped" | "cancelled";

export interface StepState {
  status: StepStatus;
  /** Needs that are not terminal (counted once per need group they are in). */
  openNeeds: number;
  /** Per need group: how many of its steps are well. */
  readonly okByGroup: number[];
  needFailed: boolean;
  caught: boolean;
  cause: SkipCause | null;
  /** Units this step has, and how far they are. */
  items: number;
  nextItem: number;
  inFlight: number;
  succeeded: number;
  failed: number;
  cancelled: number;
  winner: number | null;
  firstFailure: FailureClass | null;
  /** No further unit starts: the join is decided, or the step or the run was stopped. */
  stopping: boolean;
  killed: boolean;
  /** It stands in a ready queue. */
  queued: boolean;
  /** Units in flight: the only one's number, or a set for a `for_each`. */
  live: number | Set<number> | null;
}

export type UnitPhase = "ready" | "running" | "blocked" | "delaying" | "judging" | "inside";

export interface UnitState {
  readonly id: number;
  readonly scope: number;
  readonly step: number;
  readonly item: number;
  serial: number;
  iteration: number;
  stage: number;
  attempt: number;
  lost: number;
  phase: UnitPhase;
  holdsSlot: boolean;
  /** It was running and blocked: `continue`, not a new attempt, when it gets its slot. */
  continues: boolean;
  cancelling: boolean;
  childScope: number | null;
  /** How its attempt ended while the scope inside was still being stopped; null otherwise. */
  verdict: AttemptOutcome | null;
  /** The outcome of its latest attempt was recorded by an earlier start of the run. */
  isRecalled: boolean;
}

/** An attempt that another attempt has started. It holds a slot while it is `running`. */
export interface GuestState {
  readonly id: number;
  readonly serial: number;
  phase: "ready" | "running" | "blocked";
}

/** The state before the first event. */
export function initialState(): SchedulerState {
  return {
    phase: "idle",
    interrupted: false,
    cancelledAs: null,
    scopes: new NumberMap(),
    units: new NumberMap(),
    guests: new NumberMap(),
    nextScope: 0,
    nextUnit: 0,
    heldSlots: 0,
    resumable: new Fifo(),
    inner: new Fifo(),
    ready: new Fifo(),
    failuresInARow: 0,
  };
}

/** The node of a step in an open scope. */
export function nodeOf(graph: Graph, scope: ScopeState, step: number): StepNode {
  return graph.scopes[scope.graph]?.nodes[step] as StepNode;
}

/** True while steps of the scope have not ended. */
export function isOpen(scope: ScopeState): boolean {
  return scope.openMain + scope.openFinally > 0;
}

/** True when the step will not change any more. */
export function isTerminal(status: StepStatus): boolean {
  return status !== "pending" && status !== "gating" && status !== "open";
}
