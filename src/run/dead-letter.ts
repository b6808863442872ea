import type { StepKind } from "../plan/types.ts";
import type { Failure } from "./failure.ts";
import type { ValueRef } from "./value-ref.ts";

/** A unit that failed for good, whether its failure was caught or not. Redacted. */
export interface DeadLetter {
  /** The lasting name of the unit, see attempt-key.ts. A run has at most one letter for each. */
  readonly key: string;
  /** As people see it: `draft`, `group[2]/draft`; without the item. */
  readonly path: string;
  /** Index of the item; null for a step without `for_each`. */
  readonly item: number | null;
  readonly kind: StepKind;
  /** Who did it last; null for other kinds. */
  readonly agent: string | null;
  /** The model that was asked last, `provider/model`. */
  readonly model: string | null;
  readonly failure: Failure;
  /** Its step went on all the same: by `on_error`, or because its `join` held without it. */
  readonly caught: boolean;
  /** Over all starts of the run. */
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly failedAt: number;
  /** What it was to do, values filled in; null when it failed before that was known. */
  readonly inputs: ValueRef | null;
}

/** A letter as it is kept. */
export interface KeptLetter extends DeadLetter {
  readonly runId: string;
  /** A person does not want to see it any more; a new failure of the unit shows it again. */
  readonly isDropped: boolean;
}
