import { openGate, type CallGate } from "../../agent/call-gate.ts";
import type { Plan } from "../../plan/types.ts";
import { Places } from "../../run/budget/place.ts";
import type { FactIndex } from "../local/fact-index.ts";
import type { GatedAttempt } from "../local/attempt.ts";
import { Budgets } from "./budget.ts";
import type { PolicyHost } from "./host.ts";

/** The gate of each attempt of a run: what lets its calls in. Attempts that nothing bounds have an open one. */
export function gateOf(plan: Plan, facts: FactIndex, host: PolicyHost): (attempt: GatedAttempt) => CallGate {
  const places = new Places(plan);
  if (!places.hasBudgets) return () => openGate;
  const budgets = new Budgets(plan, places, facts, host);
  return (attempt) => {
    const pressure = places.at(attempt.start.key, attempt.start.path);
    if (pressure.budgets.length === 0) return openGate;
    return { keepsSpend: true, enter: (...call) => budgets.enter(attempt, pressure, ...call) };
  };
}
