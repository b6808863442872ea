import { describe, expect, it } from "vitest";
import { compile } from "../../src/plan/compile.ts";
import { estimate } from "../../src/plan/estimate.ts";
import { renderDot } from "../../src/plan/render/dot.ts";
import type { GraphStatuses } from "../../src/plan/render/graph-status.ts";
import { renderMarkdown } from "../../src/plan/render/markdown.ts";
import { renderMermaid } from "../../src/plan/render/mermaid.ts";
import { renderSvg } from "../../src/plan/render/svg.ts";
import type { Plan } from "../../src/plan/types.ts";
import { expectGolden, readWorkflow } from "./golden-file.ts";

const suite = "plan";

function planOf(text: string): Plan {
  const compiled = compile({ path: "workflow.yaml", text });
  if (!compiled.ok || compiled.value.plan === null) throw new Error(JSON.stringify(compiled));
  return compiled.value.plan;
}

describe.each(["hostile-texts", "needs-at-least", "run-steps", "group"])("the picture of %s", (name) => {
  const plan = planOf(readWorkflow(suite, name));

  it("is what it was, as SVG, dot and Markdown", () => {
    expectGolden(suite, name, "expected.svg", renderSvg(plan, estimate(plan)));
    expectGolden(suite, name, "expected.dot", renderDot(plan, estimate(plan)));
    expectGolden(suite, name, "expected.md", renderMarkdown(plan, estimate(plan), "workflow.yaml"));
  });

  it("brings no text of the manifest as markup", () => {
    const svg = renderSvg(plan, estimate(plan));
    expect(svg.replaceAll(/<\/?(?:svg|title|defs|marker|path|rect|line|text|g)\b[^<>]*>/g, "")).not.toMatch(/[<>]/);
    expect(renderMarkdown(plan, estimate(plan), "a`b|c.yaml")).not.toMatch(/<(?:script|b)>/);
  });
});

describe("the picture of a run", () => {
  const plan = planOf(`muster: 1
name: run
steps:
  a: { value: 1 }
  b: { value: 2 }
  c: { value: "\${{ steps.a.output }}" }
`);
  const statuses: GraphStatuses = new Map([["a", "succeeded"], ["b", "failed"]] as const);

  it("marks each step with how it stands", () => {
    expect(renderMermaid(plan, estimate(plan), statuses).split("\n").slice(5)).toEqual([
      "  classDef succeeded fill:#dcfce7,stroke:#16a34a,color:#111827",
      "  class s0 succeeded",
      "  classDef failed fill:#fee2e2,stroke:#dc2626,color:#111827",
      "  class s1 failed",
      "",
    ]);
    expect(renderDot(plan, estimate(plan), statuses).match(/fillcolor="#\w+", color/g)).toEqual(['fillcolor="#dcfce7", color', 'fillcolor="#fee2e2", color']);
    expect(renderSvg(plan, estimate(plan), statuses).match(/<g class="\w+">/g)).toEqual(['<g class="succeeded">', '<g class="failed">']);
  });
});

describe("the picture of groups", () => {
  const plan = planOf(`muster: 1
name: nested
steps:
  first: { value: 1 }
  outer:
    needs: first
    steps:
      a: { value: 2 }
      inner:
        needs: a
        if: success()
        steps:
          deep: { value: 3 }
          deeper: { value: "\${{ steps.deep.output }}" }
    outputs: { a: "\${{ steps.a.output }}" }
  last: { value: "\${{ steps.outer.output.a }}" }
`);
  const statuses: GraphStatuses = new Map([["outer", "running"], ["outer/a", "succeeded"], ["outer/inner/deep", "failed"]] as const);

  it("has frames in frames, with how each step stands", () => {
    expect(renderMermaid(plan, estimate(plan), statuses).split("\n").slice(-7)).toEqual([
      "  classDef running fill:#dbeafe,stroke:#2563eb,color:#111827",
      "  class s1 running",
      "  classDef succeeded fill:#dcfce7,stroke:#16a34a,color:#111827",
      "  class s1_0 succeeded",
      "  classDef failed fill:#fee2e2,stroke:#dc2626,color:#111827",
      "  class s1_1_0 failed",
      "",
    ]);
    const dot = renderDot(plan, estimate(plan), statuses);
    expect(dot.match(/subgraph cluster_\w+/g)).toEqual(["subgraph cluster_s1", "subgraph cluster_s1_1"]);
    expect(dot.match(/^ *\w+ -> .*$/gm)?.map((line) => line.trim())).toEqual([
      "s1_1_0 -> s1_1_1;",
      "s1_0 -> s1_1 [lhead=cluster_s1_1];",
      "s0 -> s1 [lhead=cluster_s1];",
      "s1 -> s2 [ltail=cluster_s1];",
    ]);
    expect(renderSvg(plan, estimate(plan), statuses).match(/<g class="\w+">/g)).toEqual(['<g class="running">', '<g class="succeeded">', '<g class="failed">']);
  });

  it("puts the steps of a group into its frame, beside one another", () => {
    const svg = renderSvg(plan, estimate(plan));
    const [, outer, a, inner, deep, deeper] = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)].map(([, ...numbers]) => numbers.map(Number) as [number, number, number, number]);
    const contains = ([x, y, w, h]: Rect, [x2, y2, w2, h2]: Rect): boolean => x < x2 && y < y2 && x + w > x2 + w2 && y + h > y2 + h2;
    if (!outer || !a || !inner || !deep || !deeper) throw new Error(svg);
    expect([a, inner, deep, deeper].map((rect) => contains(outer, rect))).toEqual([true, true, true, true]);
    expect([a, deep, deeper].map((rect) => contains(inner, rect))).toEqual([false, true, true]);
    expect([a[0] + a[2] < inner[0], deep[0] + deep[2] < deeper[0]]).toEqual([true, true]);
  });
});

/** x, y, width, height. */
type Rect = readonly [number, number, number, number];

describe("the layout", () => {
  it("of 50 steps puts no box over another, and all inside", () => {
    const steps = Array.from({ length: 50 }, (_, index) => `  s${index}: { value: 1${index < 4 ? "" : `, needs: [s${index - 4}, s${Math.floor(index / 3)}]`} }`);
    const plan = planOf(`muster: 1\nname: big\nsteps:\n${steps.join("\n").replaceAll(/\[(s\d+), \1\]/g, "[$1]")}\n`);
    const svg = renderSvg(plan, estimate(plan));
    const [, width = 0, height = 0] = (/width="(\d+)" height="([\d.]+)"/.exec(svg) ?? []).map(Number);
    const boxes = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)].map(([, ...numbers]) => numbers.map(Number) as [number, number, number, number]);
    expect(boxes).toHaveLength(50);
    for (const [index, [x, y, w, h]] of boxes.entries()) {
      expect([x > 0, y > 0, x + w < width, y + h < height]).toEqual([true, true, true, true]);
      expect(boxes.slice(index + 1).some(([x2, y2]) => Math.abs(x - x2) < w && Math.abs(y - y2) < h)).toBe(false);
    }
  });
});
