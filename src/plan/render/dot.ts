import type { Estimate } from "../estimate.ts";
import type { Plan } from "../types.ts";
import { oneLine } from "./format.ts";
import { noStatuses, statusColors, type GraphStatuses } from "./graph-status.ts";
import { pictureOf, type Picture, type PictureNode } from "./picture.ts";

/**
 * The steps in Graphviz' language, ending in a line feed; groups and sub-workflows are clusters around their steps, a
 * workflow that is used again is drawn once. Nodes are named by position, labels are quoted.
 */
export function renderDot(plan: Plan, estimate: Estimate, statuses: GraphStatuses = noStatuses): string {
  const picture = pictureOf(plan, estimate);
  const hasFrames = picture.nodes.some(({ inside }) => inside !== null);
  return [
    `digraph "${quoted(oneLine(plan.workflow.name))}" {`,
    "  rankdir=LR;",
    ...(hasFrames ? ['  compound=true; fontname="sans-serif"; fontsize=11;'] : []),
    '  node [shape=box, style="rounded,filled", fillcolor="#ffffff", fontname="sans-serif", fontsize=11];',
    ...linesOf(picture, statuses, "  "),
    "}",
    "",
  ].join("\n");
}

function linesOf({ nodes, arrows }: Picture, statuses: GraphStatuses, indent: string): readonly string[] {
  return [
    ...nodes.flatMap((node) => nodeLines(node, statuses, indent)),
    ...arrows.map(({ from, to, label }) => arrowLine(nodes[from], nodes[to], label, indent)),
  ];
}

function nodeLines(
  { box, name, path, inside }: PictureNode,
  statuses: GraphStatuses,
  indent: string,
): readonly string[] {
  const { title, subtitle, isConditional } = box;
  const status = statuses.get(path);
  const label = `label="${quoted(title)}\\n${quoted(subtitle)}"`;
  const look =
    status === undefined ? "" : `, fillcolor="${statusColors[status].fill}", color="${statusColors[status].stroke}"`;
  const dashed = isConditional ? ', style="rounded,filled,dashed"' : "";
  if (inside === null) return [`${indent}${name} [${label}${look}${dashed}];`];
  const frame = dashed === "" ? ', style="rounded,filled"' : dashed;
  const fill = status === undefined ? ', fillcolor="#f9fafb", color="#6b7280"' : look;
  return [
    `${indent}subgraph cluster_${name} {`,
    `${indent}  graph [${label}${fill}${frame}];`,
    // Arrows lead to the frame: this is where they are tied to.
    `${indent}  ${name} [shape=point, style=invis, label=""];`,
    ...linesOf(inside, statuses, `${indent}  `),
    `${indent}}`,
  ];
}

function arrowLine(
  from: PictureNode | undefined,
  to: PictureNode | undefined,
  label: string | null,
  indent: string,
): string {
  const look = [
    ...(label === null ? [] : ["style=dotted", `label="${label}"`]),
    ...(from?.inside ? [`ltail=cluster_${from.name}`] : []),
    ...(to?.inside ? [`lhead=cluster_${to.name}`] : []),
  ];
  return `${indent}${from?.name} -> ${to?.name}${look.length === 0 ? "" : ` [${look.join(", ")}]`};`;
}

function quoted(label: string): string {
  return label.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}
