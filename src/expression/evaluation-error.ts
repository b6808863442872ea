import type { ExpressionError } from "./scope.ts";

/** What an evaluation may fail with; see `ExpressionError.code`. */
export type EvaluationErrorCode =
  /** A name or field that the values do not have. */
  | "missing"
  /** A field of null. */
  | "null_field"
  /** Values that an operator or function does not take. */
  | "type"
  /** A value of the right type that is out of range: an index, a text that is no number, a division by zero. */
  | "value"
  /** A number that neither an int (64 bit) nor JSON can hold. */
  | "overflow"
  /** More work, a longer text or deeper data than one expression may cost. */
  | "cost"
  /** A name that can be read in two ways. */
  | "ambiguous"
  /** A file that a text prints cannot be read. */
  | "file"
  /** The source cannot be read: it was not checked. */
  | "syntax";

/** Thrown inside an evaluation and turned into an `ExpressionError` at its edge; never leaves the layer. */
export class EvaluationError extends Error {
  override readonly name = "EvaluationError";
  readonly code: EvaluationErrorCode;

  constructor(code: EvaluationErrorCode, message: string) {
    super(message);
    this.code = code;
  }

  toExpressionError(): ExpressionError {
    return { code: this.code, message: this.message };
  }
}

/** True for an error that `coalesce`, `||` and their like may pass over: everything but an exhausted budget. */
export function isRecoverable(error: unknown): error is EvaluationError {
  return error instanceof EvaluationError && error.code !== "cost";
}
