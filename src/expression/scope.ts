import type { DiagnosticCode } from "../diagnostic/code.ts";
import type { JsonSchema } from "../util/json.ts";

/**
 * The names that an expression may read at one place of a manifest, each with its shape as a JSON Schema.
 * `true` is an unknown shape: any field may be read. A string schema with `"x-free-text": true` is text that
 * a model wrote: it must not be compared in `if`.
 */
export interface ExpressionScope {
  readonly names: { readonly [root: string]: JsonSchema };
  /** Names that exist in the language but not here, each with a sentence that says why and where they do. */
  readonly hidden: { readonly [root: string]: string };
  /** success(), failure(), always(), cancelled() may be called: only in `if`. */
  readonly statusFunctions: boolean;
  /** Finds the name that was meant among many, within bounds of its own; left out = without bounds. */
  readonly suggest?: (word: string, names: readonly string[]) => string | null;
}

/** A problem inside an expression; `offset` and `length` are UTF-16 units in its source. */
export interface ExpressionProblem {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly help: string | null;
  readonly offset: number;
  readonly length: number;
}

/** Why an expression that was checked could not be evaluated with the values at hand. */
export interface ExpressionError {
  /** `null_field`, `type`, `cost`, `missing`, `overflow`, ... */
  readonly code: string;
  readonly message: string;
}

/** What success(), failure() and cancelled() answer at a gate. */
export interface GateStatus {
  readonly success: boolean;
  readonly failure: boolean;
  readonly cancelled: boolean;
}
