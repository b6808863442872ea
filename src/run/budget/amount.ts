import type { NormalBudget } from "../../manifest/pressure.ts";
import type { Usage } from "../../util/usage.ts";

/** What a budget counts. Dollars are whole billionths, so that sums stay exact however many there are. */
export interface Amount {
  readonly nanoUsd: number;
  /** In and out, cached ones included. */
  readonly tokens: number;
  readonly calls: number;
}

export const nothing: Amount = { nanoUsd: 0, tokens: 0, calls: 0 };

const NANOS = 1e9;

/** Dollars as billionths, rounded. */
export function nanosOf(usd: number): number {
  return Math.round(usd * NANOS);
}

/** Billionths as dollars. */
export function usdOf(nanoUsd: number): number {
  return nanoUsd / NANOS;
}

export function plus(a: Amount, b: Amount): Amount {
  return { nanoUsd: a.nanoUsd + b.nanoUsd, tokens: a.tokens + b.tokens, calls: a.calls + b.calls };
}

export function minus(a: Amount, b: Amount): Amount {
  return { nanoUsd: a.nanoUsd - b.nanoUsd, tokens: a.tokens - b.tokens, calls: a.calls - b.calls };
}

/** The part of an amount that is over a bound; null = it is within all of them. */
export function overOf(amount: Amount, cap: Amount): keyof Amount | null {
  if (amount.nanoUsd > cap.nanoUsd) return "nanoUsd";
  if (amount.tokens > cap.tokens) return "tokens";
  return amount.calls > cap.calls ? "calls" : null;
}

/** The bounds of a budget; what it leaves open is infinite. */
export function capOf({ usd, tokens, calls }: NormalBudget): Amount {
  const open = Number.POSITIVE_INFINITY;
  return { nanoUsd: usd === null ? open : nanosOf(usd), tokens: tokens ?? open, calls: calls ?? open };
}

/** What was used; a cost that is not known counts as none. */
export function amountOf(usage: Usage, costUsd: number | null): Amount {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, calls } = usage;
  const tokens = inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens;
  return { nanoUsd: nanosOf(costUsd ?? 0), tokens, calls };
}
