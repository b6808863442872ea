import type { Agent, Budget } from "./types.ts";

/** The most that may be spent in a scope; null = that is not bounded. Complete: the language's defaults are in. */
export interface NormalBudget {
  readonly usd: number | null;
  /** In and out, cached ones included. */
  readonly tokens: number | null;
  readonly calls: number | null;
  /** The share of a bound at which there is a warning. */
  readonly warnAt: number;
  readonly onExceeded: "fail" | "pause";
}

/** What a budget says where it says nothing else. */
export const openBudget: NormalBudget = { usd: null, tokens: null, calls: null, warnAt: 0.8, onExceeded: "fail" };

/** A budget in its canonical form; null = none is written. */
export function normaliseBudget(budget: Budget | undefined): NormalBudget | null {
  if (budget === undefined) return null;
  const { warn_at: warnAt = openBudget.warnAt, on_exceeded: onExceeded = openBudget.onExceeded } = budget;
  const { usd = null, tokens = null, calls = null } = budget;
  return { usd, tokens, calls, warnAt, onExceeded };
}

/** What a call of the agent is taken to cost where no price is known, USD; null = nothing is said. */
export function normaliseAssume(agent: Agent): number | null {
  return agent.assume?.usd ?? null;
}
