import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { renderDiagnostics } from "../../src/diagnostic/render.ts";
import { createSourceReader } from "../../src/compose/source-reader.ts";
import { compile } from "../../src/plan/compile.ts";
import { estimate } from "../../src/plan/estimate.ts";
import { noChoice } from "../../src/plan/model-choice.ts";
import { renderJson } from "../../src/plan/render/json.ts";
import { renderMermaid } from "../../src/plan/render/mermaid.ts";
import { renderText } from "../../src/plan/render/text.ts";
import type { Plan } from "../../src/plan/types.ts";
import { casesOf, expectGolden, readWorkflow } from "./golden-file.ts";

const suite = "plan";

function planOf(name: string): Plan {
  const source = { path: "workflow.yaml", text: readWorkflow(suite, name) };
  const path = fileURLToPath(new URL(`${suite}/${name}/workflow.yaml`, import.meta.url));
  const compiled = compile(source, noChoice, createSourceReader(path, source.path, { env: {}, isFrozen: true }));
  if (!compiled.ok) throw new Error(compiled.error);
  const { plan, diagnostics, sources } = compiled.value;
  expect(renderDiagnostics(diagnostics, sources)).toBe("");
  if (plan === null) throw new Error("no plan");
  return plan;
}

describe.each(casesOf(suite))("the plan of %s", (name) => {
  it("is what it was, as text within 80 columns", () => {
    const plan = planOf(name);
    expectGolden(suite, name, "expected.txt", renderText(plan, estimate(plan), "workflow.yaml"));
  });

  it("is what it was, as JSON", () => {
    const plan = planOf(name);
    expectGolden(suite, name, "expected.json", renderJson(plan, estimate(plan)));
  });

  it("is what it was, as Mermaid", () => {
    const plan = planOf(name);
    expectGolden(suite, name, "expected.mmd", renderMermaid(plan, estimate(plan)));
  });
});
