import type { Estimate } from "../estimate.ts";
import type { Plan } from "../types.ts";
import { arrowsOf, boxesOf } from "./box.ts";
import { oneLine } from "./format.ts";
import { noStatuses, statusColors, type GraphStatuses } from "./graph-status.ts";

/** The steps in Graphviz' language, ending in a line feed. Nodes are named by position, labels are quoted. */
export function renderDot(plan: Plan, estimate: Estimate, statuses: GraphStatuses = noStatuses): string {
  const boxes = boxesOf(plan, estimate);
  const nodes = boxes.map(({ title, subtitle, step, isConditional }, index) => {
    const status = statuses.get(step.id);
    const look =
      status === undefined ? "" : `, fillcolor="${statusColors[status].fill}", color="${statusColors[status].stroke}"`;
    return `  s${index} [label="${quoted(title)}\\n${quoted(subtitle)}"${look}${isConditional ? ', style="rounded,filled,dashed"' : ""}];`;
  });
  const edges = arrowsOf(boxes).map(
    ({ from, to, label }) => `  s${from} -> s${to}${label === null ? "" : ` [style=dotted, label="${label}"]`};`,
  );
  return [
    `digraph "${quoted(oneLine(plan.workflow.name))}" {`,
    "  rankdir=LR;",
    '  node [shape=box, style="rounded,filled", fillcolor="#ffffff", fontname="sans-serif", fontsize=11];',
    ...nodes,
    ...edges,
    "}",
    "",
  ].join("\n");
}

function quoted(label: string): string {
  return label.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}
