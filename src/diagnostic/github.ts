import { workflowCommand } from "../util/workflow-command.ts";
import type { Diagnostic } from "./diagnostic.ts";

/** Diagnostics as annotations of GitHub Actions, a command each; `pathOf` gives the path from the root of the checkout. */
export function diagnosticsToGithub(diagnostics: readonly Diagnostic[], pathOf: (file: string) => string): string {
  return diagnostics
    .map(({ file, span, severity, code, message, help }) => {
      const isOneLine = span.endLine === span.line;
      const place = {
        file: pathOf(file),
        line: span.line,
        endLine: span.endLine,
        // Columns mean something to GitHub within one line only.
        col: isOneLine ? span.column : undefined,
        endColumn: isOneLine ? span.endColumn : undefined,
      };
      return workflowCommand(
        severity,
        { ...place, title: code },
        help === null ? message : `${message}\nhelp: ${help}`,
      );
    })
    .join("");
}
