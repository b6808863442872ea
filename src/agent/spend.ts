import { callPriceOf, costOf } from "../plan/price/price.ts";
import type { PlannedModel } from "../plan/types.ts";
import type { Fact } from "../run/fact.ts";
import { addUsage, unknownUsage, type Usage } from "../util/usage.ts";
import type { CallGate } from "./call-gate.ts";

/** What calls cost; `model` is the one that answered last, `provider/model`. */
export type Spend = Pick<Fact, "model" | "usage" | "costUsd">;

export const nothingSpent: Spend = { model: null, usage: null, costUsd: null };

/**
 * What one call cost; `saidUsd` is what the one who answered says of it. One that does not say what it took counts as a
 * call, and its cost is not known.
 */
export function spendOf(
  isBatch: boolean,
  model: PlannedModel,
  usage: Usage | null,
  answered: string,
  saidUsd: number | null = null,
): Spend {
  const price = callPriceOf(model, isBatch);
  return {
    model: `${model.provider}/${answered}`,
    usage: usage ?? unknownUsage,
    costUsd: saidUsd ?? (usage === null || price === null ? null : costOf(price, usage)),
  };
}

/** What the attempt itself has to account for. */
export function kept(spend: Spend, gate: CallGate): Spend {
  return gate.keepsSpend ? { model: spend.model, usage: null, costUsd: null } : spend;
}

/** The sum; the later model counts. */
export function addSpend(before: Spend, next: Spend): Spend {
  if (before.usage === null) return next;
  if (next.usage === null) return { ...before, model: next.model ?? before.model };
  const isKnown = before.costUsd !== null && next.costUsd !== null;
  return {
    model: next.model,
    usage: addUsage(before.usage, next.usage),
    costUsd: isKnown ? before.costUsd + next.costUsd : null,
  };
}
