import { workflowCommand, type CommandProperties } from "../util/workflow-command.ts";
import type { Diagnostic } from "./diagnostic.ts";

/** A command of GitHub Actions: its name, its properties and its message. */
export type Annotation = readonly [name: string, properties: CommandProperties, message: string];

/** A diagnostic as an annotation of GitHub Actions; `pathOf` gives the path from the root of the checkout. */
export function annotationOf(
  { file, span, severity, code, message, help }: Diagnostic,
  pathOf: (file: string) => string,
): Annotation {
  const isOneLine = span.endLine === span.line;
  const place = {
    file: pathOf(file),
    line: span.line,
    endLine: span.endLine,
    // Columns mean something to GitHub within one line only.
    col: isOneLine ? span.column : undefined,
    endColumn: isOneLine ? span.endColumn : undefined,
  };
  return [severity, { ...place, title: code }, help === null ? message : `${message}\nhelp: ${help}`];
}

/** Diagnostics as annotations, a command each. */
export function diagnosticsToGithub(diagnostics: readonly Diagnostic[], pathOf: (file: string) => string): string {
  return diagnostics.map((each) => workflowCommand(...annotationOf(each, pathOf))).join("");
}
