import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createSourceReader } from "../../src/compose/source-reader.ts";
import { renderDiagnostics } from "../../src/diagnostic/render.ts";
import { compile } from "../../src/plan/compile.ts";
import { noChoice } from "../../src/plan/model-choice.ts";

// Each folder is a case: workflow.yaml with the files that it names, and in expected.txt what its writer is told. UPDATE_GOLDEN=1 writes the latter.
const folder = fileURLToPath(new URL("diagnostics/", import.meta.url));
const cases = readdirSync(folder).toSorted();

describe("what a person is told about a manifest", () => {
  test.each(cases)("%s", (name) => {
    const source = { path: "workflow.yaml", text: readFileSync(`${folder}${name}/workflow.yaml`, "utf8") };
    const expected = `${folder}${name}/expected.txt`;
    const compiled = compile(source, noChoice, createSourceReader(`${folder}${name}/workflow.yaml`, "workflow.yaml", { env: {}, isFrozen: true }));
    if (!compiled.ok) throw new Error(compiled.error);
    const shown = renderDiagnostics(compiled.value.diagnostics, compiled.value.sources);
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(expected, shown);
    expect(shown).toBe(readFileSync(expected, "utf8"));
  });
});
