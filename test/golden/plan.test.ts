import { describe, expect, it } from "vitest";
import { renderDiagnostics } from "../../src/diagnostic/render.ts";
import { buildPlan } from "../../src/plan/build.ts";
import { estimate } from "../../src/plan/estimate.ts";
import { renderJson } from "../../src/plan/render/json.ts";
import { renderMermaid } from "../../src/plan/render/mermaid.ts";
import { renderText } from "../../src/plan/render/text.ts";
import type { Plan } from "../../src/plan/types.ts";
import { casesOf, expectGolden, readWorkflow } from "./golden-file.ts";
import { load } from "./load.ts";

const suite = "plan";

function planOf(name: string): Plan {
  const source = { path: "workflow.yaml", text: readWorkflow(suite, name) };
  const { document, manifest } = load(source.text);
  const built = buildPlan(document, manifest);
  if (!built.ok) throw new Error(renderDiagnostics(built.error, [source]));
  expect(built.value.warnings).toEqual([]);
  return built.value.plan;
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
