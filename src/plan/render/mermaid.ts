import type { Estimate } from "../estimate.ts";
import type { Plan, PlannedStep } from "../types.ts";
import { arrowsOf, boxesOf } from "./box.ts";
import { oneLine } from "./format.ts";
import { noStatuses, statusColors, type GraphStatuses } from "./graph-status.ts";

/**
 * The steps as a Mermaid flowchart, ending in a line feed. Nodes are named by position and every label is quoted
 * and escaped, so that no text of a manifest can change the picture or reach the page around it.
 */
export function renderMermaid(plan: Plan, estimate: Estimate, statuses: GraphStatuses = noStatuses): string {
  const boxes = boxesOf(plan, estimate);
  const lines = ["flowchart TD"];
  boxes.forEach(({ title, subtitle, step }, index) => {
    const [open, close] = shapes[step.body.kind];
    lines.push(`  s${index}${open}"${escape(title)}<br/>${escape(subtitle)}"${close}`);
  });
  // Solid where every step of the group is needed, dotted with `1 of 2` where some are enough.
  for (const { from, to, label } of arrowsOf(boxes)) lines.push(`  s${from} ${label === null ? "-->" : `-. "${label}" .->`} s${to}`);
  const conditional = boxes.flatMap(({ isConditional }, index) => (isConditional ? [`s${index}`] : []));
  if (conditional.length > 0) {
    lines.push("  classDef conditional stroke-dasharray: 4 4", `  class ${conditional.join(",")} conditional`);
  }
  for (const [status, { fill, stroke }] of Object.entries(statusColors)) {
    const having = boxes.flatMap(({ step }, index) => (statuses.get(step.id) === status ? [`s${index}`] : []));
    if (having.length === 0) continue;
    lines.push(`  classDef ${status} fill:${fill},stroke:${stroke},color:#111827`, `  class ${having.join(",")} ${status}`);
  }
  return `${lines.join("\n")}\n`;
}

const shapes: { readonly [kind in PlannedStep["body"]["kind"]]: readonly [string, string] } = {
  agent: ["([", "])"],
  run: ["[[", "]]"],
  value: ["[", "]"],
  steps: ["[", "]"],
  uses: ["[/", "/]"],
  wait: ["{{", "}}"],
};

/** Letters, digits and harmless signs as they are, all else as Mermaid's own `#code;`. */
function escape(label: string): string {
  return oneLine(label).replaceAll(/[^\p{L}\p{N} _.,:×-]/gu, (character) => `#${character.codePointAt(0)};`);
}
