import type { Plan, PlannedStep } from "../../../src/plan/types.ts";
import type { NormalBudget } from "../../../src/manifest/pressure.ts";

/** A step of a plan with all that is around it. */
export interface Place {
  readonly step: PlannedStep;
  /** Paths of the steps of its scope, by their positions. */
  readonly beside: readonly string[];
  /** Nothing around it goes round, is tried again or has another stage: it ends once in a run. */
  readonly isOnce: boolean;
  /** The most attempts of one of its units, by rounds, stages and tries, through all that is around it. */
  readonly mostStarts: number;
  /** What a unit of it may spend, where it is a sub-workflow with a budget. */
  readonly budget: NormalBudget | null;
}

/** The places of a plan by their paths, ids alone: `group/inner`. */
export function placesOf(plan: Plan): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  const enter = (scope: number, prefix: string, isOnce: boolean, around: number): void => {
    const { steps } = plan.scopes[scope] as Plan["scopes"][0];
    const beside = steps.map(({ id }) => `${prefix}${id}`);
    for (const step of steps) {
      const rounds = (step.repeat?.max ?? 1) * (step.fallback.length + 1) * step.retry.maxAttempts;
      const path = `${prefix}${step.id}`;
      const inner = step.body.kind === "steps" || step.body.kind === "uses" ? step.body.scope : null;
      const budget = step.body.kind === "uses" ? (plan.scopes[step.body.scope]?.workflow?.budget ?? null) : null;
      places.set(path, { step, beside, isOnce, mostStarts: around * rounds, budget });
      if (inner !== null) enter(inner, `${path}/`, isOnce && rounds === 1, around * rounds);
    }
  };
  enter(0, "", true, 1);
  return places;
}

/** The path of a label, ids alone. */
export const pathOf = (label: string): string => label.replace(/\[\d+\]/g, "");
