import type { RecordKind } from "./state.ts";
import { sha256 } from "../util/digest.ts";
import type { JsonObject } from "../util/json.ts";
import type { Failure } from "./failure.ts";
import { errorJson, type ReadValue } from "./step-value.ts";
import type { ValueRef } from "./value-ref.ts";

/** A unit that failed for good, whether its failure was caught or not. Redacted. */
export interface DeadLetter {
  /** The lasting name of the unit, see attempt-key.ts. A run has at most one letter for each. */
  readonly key: string;
  /** As people see it: `draft`, `group[2]/draft`; without the item. */
  readonly path: string;
  /** Index of the item; null for a step without `for_each`. */
  readonly item: number | null;
  readonly kind: RecordKind;
  /** Who did it last; null for other kinds. */
  readonly agent: string | null;
  /** The model that was asked last, `provider/model`. */
  readonly model: string | null;
  readonly failure: Failure;
  /** Its step went on all the same: by `on_error`, or because its `join` held without it. */
  readonly caught: boolean;
  /** Since the unit was last begun anew (by a resume of a failed run, or a retry). */
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

/** A short name for people: the same for every failure of the unit. 10 hex digits. */
export function deadLetterId({ runId, key }: Pick<KeptLetter, "runId" | "key">): string {
  return sha256(`${runId}/${key}`).slice(0, 10);
}

/**
 * A letter as programs read it. `inputs` are written out.
 * Version 1; history: 1 = the first.
 */
export function deadLetterJson(letter: KeptLetter, workflow: string | null, read: ReadValue): JsonObject {
  return {
    id: deadLetterId(letter),
    run_id: letter.runId,
    workflow,
    step: letter.path,
    item: letter.item,
    kind: letter.kind,
    agent: letter.agent,
    model: letter.model,
    error: errorJson(letter.failure),
    caught: letter.caught,
    attempts: letter.attempts,
    failed_at: new Date(letter.failedAt).toISOString(),
    dropped: letter.isDropped,
    inputs: letter.inputs === null ? null : read(letter.inputs),
  };
}
