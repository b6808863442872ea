import type { Span } from "./source.ts";
import type { DiagnosticCode } from "./code.ts";

/** One problem in a user's file: collected, never thrown. */
export interface Diagnostic {
  /** The path as the user knows it. */
  readonly file: string;
  readonly span: Span;
  readonly severity: "error" | "warning";
  /** Permanent code, e.g. WF3002. */
  readonly code: DiagnosticCode;
  /** What is wrong, in one sentence without a full stop. */
  readonly message: string;
  /** What to do about it; null when the message says it all. */
  readonly help: string | null;
  /** Other places that belong to the problem, e.g. where a duplicate was first. */
  readonly related: readonly { readonly file: string; readonly span: Span; readonly message: string }[];
}
