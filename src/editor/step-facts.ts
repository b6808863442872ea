import type { StepEstimate } from "../plan/estimate.ts";
import { formatRange } from "../plan/render/format.ts";
import { headline, modelText, needText, stepCostText } from "../plan/render/words.ts";
import { formatDuration } from "../util/duration.ts";
import type { Effect, PlannedScope, PlannedStep } from "../plan/types.ts";
import type { Analysis } from "./analysis.ts";

const EFFECTS: { readonly [effect in Effect]: string } = {
  none: "none: it may be done again",
  idempotent: "idempotent: done twice is done once",
  unsafe: "unsafe: never repeated when it is unknown whether it was done",
};

/** What the plan knows of a step, as Markdown; null where there is no plan, or no such step of the file itself. */
export function stepFacts(analysis: Analysis, id: string): string | null {
  const costs = analysis.costs();
  if (costs === null) return null;
  const { plan, estimate } = costs;
  const found = findStep(plan.scopes, 0, estimate.steps, id);
  if (found === null) return null;
  const { scope, step, sums } = found;
  const models = modelText(plan, step);
  const rows = [
    ...(models === "" ? [] : [`model: ${models}`]),
    ...(sums.calls.ceiling > 0 ? [`calls: ${formatRange(sums.calls)}, ${stepCostText(sums)}`] : []),
    `waits for: ${step.needs.length === 0 ? "nothing" : step.needs.map((group) => needText(group, scope)).join(", and ")}`,
    `effect: ${EFFECTS[step.effect]}`,
    ...(step.timeoutMs === null ? [] : [`timeout: ${formatDuration(step.timeoutMs)}`]),
  ];
  return [`**${id}**: ${headline(plan, step, sums)}`, "", ...rows.map((row) => `- ${row}`)].join("\n");
}

/** Groups belong to the file, sub-workflows do not. */
function findStep(
  scopes: readonly PlannedScope[],
  number: number,
  estimates: readonly StepEstimate[],
  id: string,
): { readonly scope: PlannedScope; readonly step: PlannedStep; readonly sums: StepEstimate } | null {
  const scope = scopes[number];
  for (const [index, step] of scope?.steps.entries() ?? []) {
    const sums = estimates[index];
    if (scope === undefined || sums === undefined) continue;
    if (step.id === id) return { scope, step, sums };
    const inner = step.body.kind === "steps" ? findStep(scopes, step.body.scope, sums.steps, id) : null;
    if (inner !== null) return inner;
  }
  return null;
}
