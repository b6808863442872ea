import type { FailureClass } from "../../plan/types.ts";
import type { GateStatus } from "../../expression/scope.ts";

/** What the scheduler wants done or makes known, in order. Each is answered by the event that its comment names. */
export type SchedulerCommand =
  /** Evaluate `if` and `for_each` of a step whose needs hold: `gated`. */
  | { readonly type: "gate"; readonly scope: number; readonly step: number; readonly status: GateStatus }
  /** Start an attempt (after the commit): `ended`, or `entered` for a step with a child scope, or `blocked`. */
  | AttemptCommand
  /** Go on with an attempt that was blocked, or begin one that another started: it holds a slot now. */
  | { readonly type: "continue"; readonly unit: number; readonly serial: number }
  /** Stop an attempt: it still answers `ended`. Not said to an attempt inside a scope: the scope's attempts are stopped. */
  | { readonly type: "abort"; readonly unit: number; readonly serial: number }
  /** Evaluate `until` or `accept` on the attempt's output: `judged`. */
  | { readonly type: "judge"; readonly unit: number; readonly serial: number }
  /** Say `fired` after so long. */
  | { readonly type: "delay"; readonly unit: number; readonly serial: number; readonly delayMs: number }
  /** The delay is no longer wanted. */
  | { readonly type: "undelay"; readonly unit: number }
  /** A scope was opened inside a unit; its steps are commanded under this number. */
  | { readonly type: "enter"; readonly unit: number; readonly scope: number }
  /** All steps of the scope have ended: evaluate its outputs: `ended` of the unit. Not said of a scope that was stopped. */
  | {
      readonly type: "leave";
      readonly unit: number;
      readonly serial: number;
      readonly scope: number;
      readonly failed: boolean;
    }
  /** News: a unit is over. */
  | UnitCommand
  /** News: a step is over. */
  | StepCommand
  /** News: the run is over; nothing follows. */
  | { readonly type: "finished"; readonly status: "succeeded" | "failed" | "cancelled" };

export interface AttemptCommand {
  readonly type: "attempt";
  readonly unit: number;
  /** Counts the starts of this unit; every answer repeats it. */
  readonly serial: number;
  readonly scope: number;
  readonly step: number;
  /** 0 for a step without `for_each`. */
  readonly item: number;
  /** 1-based round of `repeat`. */
  readonly iteration: number;
  /** 0 = primary. */
  readonly stage: number;
  /** 1-based, within the stage. */
  readonly attempt: number;
}

export interface UnitCommand {
  readonly type: "unit";
  readonly unit: number;
  readonly scope: number;
  readonly step: number;
  readonly item: number;
  readonly status: "succeeded" | "failed" | "cancelled";
  /** Why it failed beyond the last attempt's own failure; null = that failure stands. */
  readonly code: "repeat_exhausted" | "handoff_exhausted" | "lost_too_often" | "judge_error" | null;
}

/** Why a step was skipped: its own `if`, or a failure upstream (then failure() holds for its dependants). */
export type SkipCause = "condition" | "upstream";

export interface StepCommand {
  readonly type: "step";
  readonly scope: number;
  readonly step: number;
  readonly status: "succeeded" | "failed" | "skipped" | "cancelled";
  /** For `failed`: whether `on_error` caught it. */
  readonly caught: boolean;
  /** For `failed`: the class of the first failure in order of arrival; `output` when the join did not hold. */
  readonly class: FailureClass | null;
  readonly cause: SkipCause | null;
  /** For join `any`: the item that won. */
  readonly winner: number | null;
}
