import type { Estimate } from "../estimate.ts";
import type { Plan, PlannedStep } from "../types.ts";
import { noStatuses, statusColors, type GraphStatuses } from "./graph-status.ts";
import { mermaidLabel } from "./mermaid-label.ts";
import { nodesWithin, pictureOf, type Picture, type PictureNode } from "./picture.ts";

/**
 * The steps as a Mermaid flowchart, ending in a line feed; groups and sub-workflows are frames around their steps, a
 * workflow that is used again is drawn once. Nodes are named by position and every label is quoted and escaped, so
 * that no text of a manifest can change the picture or reach the page around it.
 */
export function renderMermaid(plan: Plan, estimate: Estimate, statuses: GraphStatuses = noStatuses): string {
  const picture = pictureOf(plan, estimate);
  const nodes = [...nodesWithin(picture)];
  const lines = ["flowchart TD", ...linesOf(picture, "  ")];
  const conditional = nodes.filter(({ box }) => box.isConditional).map(({ name }) => name);
  if (conditional.length > 0) {
    lines.push("  classDef conditional stroke-dasharray: 4 4", `  class ${conditional.join(",")} conditional`);
  }
  for (const [status, { fill, stroke }] of Object.entries(statusColors)) {
    const having = nodes.filter(({ path }) => statuses.get(path) === status).map(({ name }) => name);
    if (having.length === 0) continue;
    lines.push(
      `  classDef ${status} fill:${fill},stroke:${stroke},color:#111827`,
      `  class ${having.join(",")} ${status}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function linesOf({ nodes, arrows }: Picture, indent: string): readonly string[] {
  return [
    ...nodes.flatMap((node) => nodeLines(node, indent)),
    // Solid where every step of the group is needed, dotted with `1 of 2` where some are enough.
    ...arrows.map(({ from, to, label }) => {
      const arrow = label === null ? "-->" : `-. "${label}" .->`;
      return `${indent}${nodes[from]?.name} ${arrow} ${nodes[to]?.name}`;
    }),
  ];
}

function nodeLines({ box, name, inside }: PictureNode, indent: string): readonly string[] {
  const label = `"${mermaidLabel(box.title)}<br/>${mermaidLabel(box.subtitle)}"`;
  if (inside === null) {
    const [open, close] = shapes[box.step.body.kind];
    return [`${indent}${name}${open}${label}${close}`];
  }
  return [`${indent}subgraph ${name}[${label}]`, ...linesOf(inside, `${indent}  `), `${indent}end`];
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
