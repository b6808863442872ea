import { estimate, type Estimate } from "../plan/estimate.ts";
import type { Plan } from "../plan/types.ts";
import type { JsonObject } from "../util/json.ts";
import type { Workflow } from "./load.ts";

export interface PlanOptions {
  /** Inputs that are known; the others count with their defaults. */
  readonly inputs?: JsonObject;
}

/** What will run, and what it can take: calls and cost from the least to the most. Asks nobody, writes nothing. */
export function plan(
  workflow: Workflow,
  options: PlanOptions = {},
): { readonly plan: Plan; readonly estimate: Estimate } {
  return { plan: workflow.plan, estimate: estimate(workflow.plan, options.inputs ?? {}) };
}
