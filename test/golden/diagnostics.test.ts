import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../src/diagnostic/diagnostic.ts";
import { renderDiagnostics } from "../../src/diagnostic/render.ts";
import type { SourceFile } from "../../src/diagnostic/source.ts";
import { compile } from "../../src/plan/compile.ts";

// Each folder is a case: workflow.yaml, and in expected.txt what its writer is told. UPDATE_GOLDEN=1 writes the latter.
const folder = fileURLToPath(new URL("diagnostics/", import.meta.url));
const cases = readdirSync(folder).toSorted();

describe("what a person is told about a manifest", () => {
  test.each(cases)("%s", (name) => {
    const source = { path: "workflow.yaml", text: readFileSync(`${folder}${name}/workflow.yaml`, "utf8") };
    const expected = `${folder}${name}/expected.txt`;
    const shown = renderDiagnostics(diagnose(source), [source]);
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(expected, shown);
    expect(shown).toBe(readFileSync(expected, "utf8"));
  });
});

function diagnose(source: SourceFile): readonly Diagnostic[] {
  const compiled = compile(source);
  if (!compiled.ok) throw new Error(compiled.error);
  return compiled.value.diagnostics;
}
