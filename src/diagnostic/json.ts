import type { Json, JsonObject } from "../util/json.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { Span } from "./source.ts";

/** Version 1 of the JSON form of diagnostics (`validate --format json`). */
export const DIAGNOSTICS_VERSION = 1;

/** Diagnostics as data for programs; lines and columns are 1-based, columns in UTF-16 units, the end exclusive. */
export function diagnosticsToJson(diagnostics: readonly Diagnostic[]): Json {
  return {
    version: DIAGNOSTICS_VERSION,
    diagnostics: diagnostics.map(diagnosticToJson),
  };
}

/** One of them. */
export function diagnosticToJson({ file, span, severity, code, message, help, related }: Diagnostic): JsonObject {
  return {
    file,
    ...place(span),
    severity,
    code,
    message,
    help,
    related: related.map((other) => ({ file: other.file, ...place(other.span), message: other.message })),
  };
}

const place = (span: Span) => ({
  line: span.line,
  column: span.column,
  end_line: span.endLine,
  end_column: span.endColumn,
});
