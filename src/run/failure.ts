import type { FailureClass } from "../plan/types.ts";

/** Why an attempt, a unit or a run failed: a value inside events, never thrown. */
export interface Failure {
  readonly class: FailureClass;
  /** A finer name within the class, e.g. `repeat_exhausted`, `outcome_unknown`, `http_529`. */
  readonly code: string;
  /** One or more sentences for a person: what, where, why. Redacted. */
  readonly message: string;
  /** What to do about it; null when nothing general can be said. */
  readonly help: string | null;
  /** The other side asked to wait at least so long before the next try. */
  readonly retryAfterMs: number | null;
  /** What came before the failure (partial stdout, the model's reply); bounded and redacted. */
  readonly partial: string | null;
}

/** Builds a failure; everything but class, code and message is optional. */
export function failure(
  failureClass: FailureClass,
  code: string,
  message: string,
  more: Partial<Pick<Failure, "help" | "retryAfterMs" | "partial">> = {},
): Failure {
  return { class: failureClass, code, message, help: null, retryAfterMs: null, partial: null, ...more };
}
