import type { NormalBudget } from "../../manifest/pressure.ts";
import type { Plan } from "../../plan/types.ts";
import type { Json } from "../../util/json.ts";
import { chosenAgent, type Fact } from "../fact.ts";
import { nothing, plus, usdOf, type Amount } from "./amount.ts";
import { chargeOf } from "./payment.ts";
import { Places } from "./place.ts";

/** What was spent in a scope, beside what may be. A limit of null is none. */
export interface BudgetLine {
  /** `run`, `agent:NAME`, or the lasting name of the unit that uses a workflow (`review#1f0c9a.0`). */
  readonly scope: string;
  readonly usd: Part;
  readonly tokens: Part;
  readonly calls: Part;
}

interface Part {
  readonly limit: number | null;
  /** With all that calls may have taken whose end is not known. */
  readonly spent: number;
}

/**
 * The budgets of a run with what its facts spent of them: the run first, then its agents (with a budget or without,
 * those that spent), then the units that use workflows. Empty where the plan has no budget at all.
 */
export function budgetLines(plan: Plan, facts: Iterable<Fact>): readonly BudgetLine[] {
  const places = new Places(plan);
  if (!places.hasBudgets) return [];
  const lines = new Map<string, { budget: NormalBudget | null; spent: Amount }>();
  lines.set("run", { budget: plan.limits.budget ?? null, spent: nothing });
  for (const [name, { budget }] of Object.entries(plan.agents))
    if (budget !== undefined) lines.set(`agent:${name}`, { budget, spent: nothing });
  for (const fact of facts) {
    const charge = chargeOf(fact);
    if (charge === nothing) continue;
    const { agent, budgets } = places.at(fact.key, null, chosenAgent(fact));
    const scopes = new Map<string, NormalBudget | null>([["run", null]]);
    if (agent !== null) scopes.set(`agent:${agent}`, null);
    for (const { id, budget } of budgets) scopes.set(id, budget);
    for (const [id, budget] of scopes) {
      const known = lines.get(id);
      lines.set(id, { budget: known?.budget ?? budget, spent: plus(known?.spent ?? nothing, charge) });
    }
  }
  return [...lines]
    .map(([scope, { budget, spent }]) => ({
      scope,
      usd: { limit: budget?.usd ?? null, spent: usdOf(spent.nanoUsd) },
      tokens: { limit: budget?.tokens ?? null, spent: spent.tokens },
      calls: { limit: budget?.calls ?? null, spent: spent.calls },
    }))
    .toSorted((a, b) => rank(a) - rank(b));
}

/** The lines as JSON, as they are. */
export function linesJson(lines: readonly BudgetLine[]): Json {
  return lines as unknown as Json;
}

function rank({ scope }: BudgetLine): number {
  return scope === "run" ? 0 : scope.startsWith("agent:") ? 1 : 2;
}
