import type { Fact } from "./fact.ts";
import { addUsage, noUsage, type Usage } from "../util/usage.ts";

/** Tokens, calls and dollars. `costUsd` is null as soon as one call in it has no known price: never a guess. */
export interface Spend {
  readonly usage: Usage;
  readonly costUsd: number | null;
}

export const noSpend: Spend = { usage: noUsage, costUsd: 0 };

/** The sum of a spend and of what one attempt or call cost. */
export function plusSpend(sum: Spend, fact: Pick<Fact, "usage" | "costUsd">): Spend {
  if (fact.usage === null) return sum;
  const isKnown = sum.costUsd !== null && (fact.costUsd !== null || fact.usage.calls === 0);
  return {
    usage: addUsage(sum.usage, fact.usage),
    costUsd: isKnown ? sum.costUsd + (fact.costUsd ?? 0) : null,
  };
}

/** Ten decimals: far below the price of any token, without the noise of sums. */
export function roundUsd(usd: number): number {
  return Math.round(usd * 1e10) / 1e10;
}
