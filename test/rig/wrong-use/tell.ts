import { stringify } from "yaml";
import type { Diagnostic } from "../../../src/diagnostic/diagnostic.ts";
import { renderDiagnostics } from "../../../src/diagnostic/render.ts";
import { compile, type Compiled } from "../../../src/plan/compile.ts";
import { noChoice } from "../../../src/plan/model-choice.ts";
import { noFiles, type SourceFiles } from "../../../src/plan/source-files.ts";
import { isJsonObject, type Json, type JsonObject } from "../../../src/util/json.ts";
import { err, ok } from "../../../src/util/result.ts";

/** Workflows that manifests use. */
const files: SourceFiles = {
  ...noFiles,
  read: (path) =>
    path.endsWith(".yaml")
      ? ok({ path, text: "muster: 1\nname: used\ninputs: { text: { default: '' } }\nsteps: { s: { run: 'true' } }\n" })
      : err({ isMissing: true, message: "is not there" }),
};

export interface Told {
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** What the writer of a manifest is told about it. */
export function told(manifest: JsonObject): Told {
  const { diagnostics, sources } = compiledOf(manifest);
  return { diagnostics, text: renderDiagnostics(diagnostics, sources) };
}

/** The same for those diagnostics alone that are errors and are not among those of another manifest. */
export function toldAnew(manifest: JsonObject, before: Told): Told {
  const known = new Set(before.diagnostics.map(({ code, message }) => `${code} ${message}`));
  const { diagnostics, sources } = compiledOf(manifest);
  const anew = diagnostics.filter(
    ({ severity, code, message }) => severity === "error" && !known.has(`${code} ${message}`),
  );
  return { diagnostics: anew, text: renderDiagnostics(anew, sources) };
}

function compiledOf(manifest: JsonObject): Compiled {
  const compiled = compile({ path: "w.yaml", text: written(manifest) }, noChoice, files);
  if (!compiled.ok) throw new Error(compiled.error);
  return compiled.value;
}

/** As a person would write it: a line for each key at the top, for each step, and for each key of a long one. */
export function written(manifest: JsonObject): string {
  const flow = (value: Json): string =>
    stringify(value, {
      collectionStyle: "flow",
      aliasDuplicateObjects: false,
      lineWidth: 0,
      flowCollectionPadding: true,
    }).trim();
  const lines = Object.entries(manifest).map(([key, value]) => {
    const isBlock =
      ["steps", "finally", "agents", "models"].includes(key) && isJsonObject(value) && Object.keys(value).length > 0;
    if (!isBlock) return `${key}: ${flow(value)}\n`;
    const entries = Object.entries(value).map(([name, entry]) => `  ${flow(name)}: ${flow(entry)}\n`);
    return `${key}:\n${entries.join("")}`;
  });
  return lines.join("");
}
