import { describe, it } from "vitest";
import { renderDiagnostics } from "../../src/diagnostic/render.ts";
import { buildPlan } from "../../src/plan/build.ts";
import { casesOf, expectGolden, readWorkflow } from "./golden-file.ts";
import { load } from "./load.ts";

const suite = "graph-diagnostics";

describe("what is wrong with names and graph", () => {
  it.each(casesOf(suite))("%s", (name) => {
    const source = { path: "workflow.yaml", text: readWorkflow(suite, name) };
    const { document, manifest } = load(source.text);
    const built = buildPlan(document, manifest);
    const diagnostics = built.ok ? built.value.warnings : built.error;
    expectGolden(suite, name, "expected.txt", renderDiagnostics(diagnostics, [source]));
  });
});
