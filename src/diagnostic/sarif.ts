import type { Log, Region, Result } from "sarif";
import { diagnosticCodes } from "./code.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { Span } from "./source.ts";

/** The version of the format, an OASIS standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/ */
const SARIF = "2.1.0";
/** Where to read on. */
const HOME = "https://www.npmjs.com/package/agentmuster";
const ADVICE = "Each result says what to do; `muster validate` shows it with the line.";
const SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";

/** Diagnostics as a SARIF log, for code scanning. `pathOf` gives the path from the root of the checkout, with `/`. */
export function diagnosticsToSarif(
  diagnostics: readonly Diagnostic[],
  version: string,
  pathOf: (file: string) => string,
): Log {
  const codes = [...new Set(diagnostics.map(({ code }) => code))].sort();
  const location = (file: string, span: Span) => ({
    physicalLocation: { artifactLocation: { uri: uriOf(pathOf(file)) }, region: regionOf(span) },
  });
  const results = diagnostics.map(({ file, span, severity, code, message, help, related }): Result => ({
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: severity,
    message: { text: help === null ? sentence(message) : `${sentence(message)} Help: ${sentence(help)}` },
    locations: [location(file, span)],
    ...(related.length === 0
      ? {}
      : {
          relatedLocations: related.map((other, id) => ({
            id,
            ...location(other.file, other.span),
            message: { text: other.message },
          })),
        }),
  }));
  const rules = codes.map((id) => {
    const text = diagnosticCodes[id];
    // Some readers pass over rules that do not say how grave they are.
    const level = diagnostics.some(({ code, severity }) => code === id && severity === "error") ? "error" : "warning";
    return {
      id,
      shortDescription: { text },
      fullDescription: { text },
      help: { text: `${text} ${ADVICE}` },
      defaultConfiguration: { level } as const,
    };
  });
  const driver = { name: "muster", semanticVersion: version, informationUri: HOME, rules };
  return { $schema: SCHEMA, version: SARIF, runs: [{ tool: { driver }, columnKind: "utf16CodeUnits", results }] };
}

function regionOf({ line, column, endLine, endColumn }: Span): Region {
  return { startLine: line, startColumn: column, endLine, endColumn };
}

function uriOf(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}
