import type { Estimate, StepEstimate } from "../estimate.ts";
import type { Plan, PlannedStep } from "../types.ts";
import { arrowsOf, boxesIn, type Box } from "./box.ts";
import { noStatuses, statusColors, type GraphStatuses } from "./graph-status.ts";
import { mermaidLabel } from "./mermaid-label.ts";

/**
 * The steps as a Mermaid flowchart, ending in a line feed; groups and sub-workflows are frames around their steps, a
 * workflow that is used again is drawn once. Nodes are named by position and every label is quoted and escaped, so
 * that no text of a manifest can change the picture or reach the page around it. `statuses` are those of the steps at
 * the top.
 */
export function renderMermaid(plan: Plan, estimate: Estimate, statuses: GraphStatuses = noStatuses): string {
  const drawing = new Drawing(plan);
  const boxes = drawing.scope(0, estimate.steps, "s", "  ");
  const { lines, conditional } = drawing;
  if (conditional.length > 0) {
    lines.push("  classDef conditional stroke-dasharray: 4 4", `  class ${conditional.join(",")} conditional`);
  }
  for (const [status, { fill, stroke }] of Object.entries(statusColors)) {
    const having = boxes.flatMap(({ step }, index) => (statuses.get(step.id) === status ? [`s${index}`] : []));
    if (having.length === 0) continue;
    lines.push(
      `  classDef ${status} fill:${fill},stroke:${stroke},color:#111827`,
      `  class ${having.join(",")} ${status}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

class Drawing {
  readonly lines = ["flowchart TD"];
  /** Names of the nodes that have an `if`. */
  readonly conditional: string[] = [];
  readonly #plan: Plan;
  readonly #drawn = new Set<number>();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** Draws the steps of a scope; nodes are called `prefix` and their position. */
  scope(index: number, estimates: readonly StepEstimate[], prefix: string, indent: string): readonly Box[] {
    const boxes = boxesIn(this.#plan, index, estimates);
    this.#drawn.add(index);
    boxes.forEach((box, position) => this.#node(box, estimates[position], `${prefix}${position}`, indent));
    // Solid where every step of the group is needed, dotted with `1 of 2` where some are enough.
    for (const { from, to, label } of arrowsOf(boxes)) {
      const arrow = label === null ? "-->" : `-. "${label}" .->`;
      this.lines.push(`${indent}${prefix}${from} ${arrow} ${prefix}${to}`);
    }
    return boxes;
  }

  #node(
    { title, subtitle, step, isConditional }: Box,
    sums: StepEstimate | undefined,
    name: string,
    indent: string,
  ): void {
    const label = `"${mermaidLabel(title)}<br/>${mermaidLabel(subtitle)}"`;
    if (isConditional) this.conditional.push(name);
    const inner = step.body.kind === "steps" || step.body.kind === "uses" ? step.body.scope : null;
    if (inner === null || this.#drawn.has(inner)) {
      const [open, close] = shapes[step.body.kind];
      this.lines.push(`${indent}${name}${open}${label}${close}`);
      return;
    }
    this.lines.push(`${indent}subgraph ${name}[${label}]`);
    this.scope(inner, sums?.steps ?? [], `${name}_`, `${indent}  `);
    this.lines.push(`${indent}end`);
  }
}

const shapes: { readonly [kind in PlannedStep["body"]["kind"]]: readonly [string, string] } = {
  agent: ["([", "])"],
  run: ["[[", "]]"],
  value: ["[", "]"],
  http: ["[/", "\\]"],
  sql: ["[(", ")]"],
  state: ["[(", ")]"],
  steps: ["[", "]"],
  uses: ["[/", "/]"],
  wait: ["{{", "}}"],
  send: [">", "]"],
  approval: ["{", "}"],
};
