import { pathToFileURL } from "node:url";
import { DiagnosticSeverity, type Diagnostic as Shown, type Range } from "vscode-languageserver/node";
import type { Diagnostic } from "../../diagnostic/diagnostic.ts";
import type { Span } from "../../diagnostic/source.ts";

/** Ours counts from 1, the protocol from 0. */
export function rangeOf({ line, column, endLine, endColumn }: Span): Range {
  return {
    start: { line: line - 1, character: column - 1 },
    end: { line: endLine - 1, character: endColumn - 1 },
  };
}

export function shownDiagnostic({ span, severity, code, message, help, related }: Diagnostic): Shown {
  return {
    range: rangeOf(span),
    severity: severity === "error" ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
    code,
    source: "muster",
    message: help === null ? message : `${message}\nhelp: ${help}`,
    relatedInformation: related.map((other) => ({
      location: { uri: pathToFileURL(other.file).href, range: rangeOf(other.span) },
      message: other.message,
    })),
  };
}
