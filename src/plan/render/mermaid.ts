import type { Estimate } from "../estimate.ts";
import type { NeedGroup, Plan, PlannedStep } from "../types.ts";
import { formatCount, oneLine } from "./format.ts";

/**
 * The steps as a Mermaid flowchart, ending in a line feed. Nodes are named by position and every label is quoted
 * and escaped, so that no text of a manifest can change the picture or reach the page around it.
 */
export function renderMermaid(plan: Plan, estimate: Estimate): string {
  const steps = plan.scopes[0]?.steps ?? [];
  const lines = ["flowchart TD"];
  steps.forEach((step, index) => {
    const units = estimate.steps[index]?.units;
    const fan = step.fan === null || units === undefined ? "" : ` × ${formatCount(units.ceiling)}`;
    const [open, close] = shapes[step.body.kind];
    const agent = step.body.kind === "agent" ? ` ${step.body.agent}` : "";
    lines.push(`  s${index}${open}"${escape(step.id)}<br/>${escape(`${step.body.kind}${agent}${fan}`)}"${close}`);
  });
  steps.forEach((step, index) => {
    for (const group of step.needs) lines.push(...edgesOf(group, index));
  });
  const conditional = steps.flatMap((step, index) => (mayBeSkipped(step) ? [`s${index}`] : []));
  if (conditional.length > 0) {
    lines.push("  classDef conditional stroke-dasharray: 4 4", `  class ${conditional.join(",")} conditional`);
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

/** Solid where every step of the group is needed, dotted with `1 of 2` where some are enough. */
function edgesOf(group: NeedGroup, to: number): string[] {
  const isAll = group.required === group.of.length;
  const arrow = isAll ? "-->" : `-. "${group.required} of ${group.of.length}" .->`;
  return group.of.map((from) => `  s${from} ${arrow} s${to}`);
}

function mayBeSkipped(step: PlannedStep): boolean {
  return step.condition !== null;
}

/** Letters, digits and harmless signs as they are, all else as Mermaid's own `#code;`. */
function escape(label: string): string {
  return oneLine(label).replaceAll(/[^\p{L}\p{N} _.,:×-]/gu, (character) => `#${character.codePointAt(0)};`);
}
