import { describe, expect, it } from "vitest";
import { renderDiagnostics } from "../../../src/diagnostic/render.ts";
import { compile } from "../../../src/plan/compile.ts";
import { countOperations } from "../../rig/operation-count.ts";

const agents = "agents: { a: { model: anthropic/claude-haiku-5-5 } }\n";

/** A manifest of so many steps: each says what a step is, by its number. */
const steps =
  (step: (index: number, count: number) => string, top = "") =>
  (count: number): string =>
    `muster: 1\nname: growth\n${top}steps:\n${Array.from({ length: count }, (_, i) => `  s${i}: { ${step(i, count)} }\n`).join("")}`;

const before = (i: number, what: (id: string) => string): string => (i === 0 ? "" : what(`s${i - 1}`));

describe("work grows with the size of a manifest, and no faster", () => {
  it.each([
    ["steps that wait", steps((i) => `agent: a, task: Go${before(i, (id) => `, needs: [${id}]`)}`, agents)],
    [
      "steps that read",
      steps((i) => `agent: a, task: "Go {{ ${i === 0 ? "run.id" : `steps.s${i - 1}.output`} }}"`, agents),
    ],
    [
      "agents, one for each step",
      (n: number) =>
        steps(
          (i) => `agent: a${i}, task: Go`,
          `agents:\n${Array.from({ length: n }, (_, i) => `  a${i}: { model: auto }\n`).join("")}`,
        )(n),
    ],
    [
      "values from the network with approvals",
      steps((i) => {
        if (i === 0) return 'http: { url: "https://a.example.com" }';
        const needs = `needs: s${i - 1}`;
        return i % 2 === 0 ? `approval: { prompt: x }, ${needs}` : `run: x, ${needs}, stdin: "{{ steps.s0.output }}"`;
      }),
    ],
    ["unknown keys", steps((i) => `run: x, foo${i}: 1`)],
  ])("%s", (_, manifest) => {
    const answer = (text: string) => (): void => {
      const compiled = compile({ path: "growth.yaml", text });
      if (compiled.ok) renderDiagnostics(compiled.value.diagnostics, compiled.value.sources);
    };
    // Loads libraries, and fills what is made once.
    answer(manifest(20))();
    const small = countOperations(answer(manifest(400)));
    const large = countOperations(answer(manifest(1600)));
    expect(small.blocks).toBeGreaterThan(1000);
    expect(small.bytes).toBeGreaterThan(10_000);
    // Four times as much; what is quadratic in it takes sixteen times as much.
    expect(large.blocks / small.blocks).toBeLessThan(4.5);
    expect(large.bytes / small.bytes).toBeLessThan(4.5);
  });
});
