import type { FailureClass } from "../../plan/types.ts";

/**
 * What the scheduler is told. References only: `scope` and `unit` are numbers that commands introduced,
 * `step` is an index in the scope's graph.
 */
export type SchedulerEvent =
  /** First event of an epoch. */
  | { readonly type: "started" }
  /** Answer to `gate`. `items` is the length of the `for_each` list, null for a step without one. */
  | { readonly type: "gated"; readonly scope: number; readonly step: number; readonly verdict: GateVerdict }
  /** Answer to `attempt` for a step with a child scope: its inputs stand, open the scope. */
  | { readonly type: "entered"; readonly unit: number; readonly serial: number }
  /** Answer to `attempt` and `leave`, also after `abort`. A repeated answer (same serial) is ignored. */
  | {
      readonly type: "ended";
      readonly unit: number;
      readonly serial: number;
      readonly outcome: AttemptOutcome;
      /** It was recorded by an earlier start of the run: the run breaker does not count it again. Default false. */
      readonly isRecalled?: boolean;
    }
  /** Answer to `judge`. */
  | {
      readonly type: "judged";
      readonly unit: number;
      readonly serial: number;
      readonly verdict: "accept" | "reject" | "error";
    }
  /** Answer to `delay`. */
  | { readonly type: "fired"; readonly unit: number; readonly serial: number }
  /** The attempt waits for something outside (rate, budget, person, reply): its slot is free. */
  | { readonly type: "blocked"; readonly unit: number; readonly serial: number }
  /** What it waited for is there; it goes on when `continue` gives it a slot. */
  | { readonly type: "unblocked"; readonly unit: number; readonly serial: number }
  /** An attempt that another one starts (guest.ts) wants its first slot: `continue`. Its number is below 0 and new. */
  | { readonly type: "joined"; readonly unit: number; readonly serial: number }
  /** It is over. */
  | { readonly type: "left"; readonly unit: number; readonly serial: number }
  /** Stops the run: what waits is cancelled, what runs is aborted, `finally` runs, the run ends `as`. */
  | { readonly type: "cancel"; readonly as: "cancelled" | "failed" }
  /** Stops one step: failure `cancelled`, no retry, `on_error` applies. */
  | { readonly type: "kill"; readonly scope: number; readonly step: number }
  /** Stops dispatch: nothing new starts, nothing is cancelled, what is in flight may end. */
  | { readonly type: "interrupt" };

export type GateVerdict =
  | { readonly kind: "run"; readonly items: number | null }
  | { readonly kind: "skip" }
  | { readonly kind: "fail"; readonly class: FailureClass };

export type AttemptOutcome =
  | { readonly kind: "succeeded" }
  | {
      readonly kind: "failed";
      readonly class: FailureClass;
      readonly retryAfterMs: number | null;
      /** The stage is given up at once, whatever retries are left: who it asks is known not to answer, or has. Default false. */
      readonly leavesStage?: boolean;
    }
  /** The runner died while it was in flight and it may be repeated: no retry is used up. */
  | { readonly kind: "lost" };
