import type { Plan, PlannedStep } from "../../plan/types.ts";

/** Every step of the plan by its path of ids, `group/inner`. */
export function stepsByPath(plan: Plan): ReadonlyMap<string, PlannedStep> {
  const steps = new Map<string, PlannedStep>();
  addScope(plan, 0, "", steps);
  return steps;
}

function addScope(plan: Plan, scope: number, prefix: string, steps: Map<string, PlannedStep>): void {
  for (const step of plan.scopes[scope]?.steps ?? []) {
    const path = `${prefix}${step.id}`;
    const { body } = step;
    steps.set(path, step);
    if (body.kind === "steps" || body.kind === "uses") addScope(plan, body.scope, `${path}/`, steps);
  }
}
