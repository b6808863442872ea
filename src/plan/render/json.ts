import type { JsonObject } from "../../util/json.ts";
import type { Estimate, StepEstimate } from "../estimate.ts";
import type { Range } from "../range.ts";
import { criticalPathOf, wavesOf } from "../graph.ts";
import { EMPTY_SCOPE, type Plan } from "../types.ts";
import { agentBudgetsJson, budgetJson, budgetOutlook } from "./budget.ts";
import { grantsJson, hasCaps } from "./grant.ts";

/**
 * The plan as a JSON document, version 1, ending in a line feed: `{ version, plan, waves, critical_path, estimate }`.
 * `plan` is the plan as it is hashed; `waves` and `critical_path` name steps; money is USD without `unpriced` models,
 * null when no price is known. `permissions` is there where a file writes some: what each workflow may touch in the end,
 * with its `path` (null: the file itself) and the `steps` that lead to it.
 * History: 1 = the first.
 */
export function renderJson(
  plan: Plan,
  estimate: Estimate,
  cached: readonly { readonly path: string; readonly units: number; readonly of: number }[] | null = null,
): string {
  const scope = plan.scopes[0] ?? EMPTY_SCOPE;
  const idOf = (index: number): string => scope.steps[index]?.id ?? "";
  const document = {
    version: 1,
    plan,
    waves: wavesOf(scope).map((wave) => wave.map(idOf)),
    critical_path: criticalPathOf(scope).map(idOf),
    ...(hasCaps(plan) ? { permissions: grantsJson(plan) } : {}),
    estimate: {
      calls: rangeOf(estimate.calls),
      cost_usd: estimate.costUsd === null ? null : rangeOf(estimate.costUsd),
      steps: estimate.steps.map(stepOf),
      models: estimate.models.map(({ id, price, maxCalls }) => ({
        id,
        max_calls: maxCalls,
        price: price === null ? null : { input: price.input, output: price.output },
      })),
      unpriced: estimate.unpriced,
      unknown_input: estimate.unknownInput,
      assumed_inputs: estimate.assumedInputs,
      price_table_date: estimate.priceTableDate,
      ...(plan.limits.budget === undefined ? {} : { budget: budgetJson(budgetOutlook(plan, estimate)) }),
      ...(estimate.agents.length === 0 ? {} : { agent_budgets: agentBudgetsJson(plan, estimate) }),
    },
    ...(cached === null ? {} : { cached }),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** `steps` are those inside of a group or a sub-workflow: their calls and cost are in those of the step. */
function stepOf(step: StepEstimate): JsonObject {
  return {
    id: step.id,
    units: rangeOf(step.units),
    size_known: step.isSizeKnown,
    too_large: step.isTooLarge,
    calls: rangeOf(step.calls),
    cost_usd: step.costUsd === null ? null : rangeOf(step.costUsd),
    unpriced: step.unpriced,
    steps: step.steps.map(stepOf),
  };
}

function rangeOf({ floor, ceiling }: Range): { floor: number; ceiling: number } {
  return { floor, ceiling };
}
