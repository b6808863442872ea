import { inputBound } from "../../agent/input-bound.ts";
import type { CallEnd } from "../../agent/call-gate.ts";
import { callPriceOf, costOf, worstCaseCost } from "../../plan/price/price.ts";
import { isDriver } from "../../plan/provider-name.ts";
import { MOST_SEARCHES, SEARCH_TOKENS, SEARCH_USD } from "../../plan/search.ts";
import type { PlannedModel } from "../../plan/types.ts";
import type { ModelRequest } from "../../provider/provider.ts";
import { amountOf, nanosOf, nothing, type Amount } from "../../run/budget/amount.ts";
import type { Failure } from "../../run/failure.ts";
import { tokensOf } from "../../util/usage.ts";

/** The most that a call can take. `assumeUsd` stands in for a price that is not known; without it that costs nothing. */
export function worstCase(
  model: PlannedModel,
  request: ModelRequest,
  assumeUsd: number | null,
  isBatch: boolean,
): Amount {
  const searches = request.tools?.some(({ isServed }) => isServed === true) === true;
  const input = inputBound(request) + (searches ? SEARCH_TOKENS : 0);
  const price = callPriceOf(model, isBatch);
  const fees = searches ? MOST_SEARCHES * SEARCH_USD : 0;
  const usd = price === null ? (assumeUsd ?? 0) : worstCaseCost(price, input, request.maxTokens) + fees;
  return { nanoUsd: Math.ceil(usd * 1e9 - 1e-6), tokens: input + request.maxTokens, calls: 1 };
}

/** What a call that is over cost in dollars, as far as that is known. */
export function knownCost(model: PlannedModel, { usage, costUsd }: CallEnd, isBatch: boolean): number | null {
  if (costUsd !== undefined) return costUsd;
  const price = callPriceOf(model, isBatch);
  return price === null || usage === null ? null : costOf(price, usage);
}

/**
 * What a call that is over counts: what it is known to have taken, all that was reserved where that is not known (no
 * usage in the reply, a reply that broke off), and nothing when it was turned away.
 */
export function charge(model: PlannedModel, end: CallEnd, worst: Amount, isBatch: boolean): Amount {
  if (end.failure !== null) return end.usage === null && wasTurnedAway(model, end.failure) ? nothing : worst;
  // A call without a token is one of which nobody knows what it took.
  if (end.usage === null) return worst;
  const cost = knownCost(model, end, isBatch);
  if (tokensOf(end.usage) === 0) return end.costUsd === undefined ? worst : { ...worst, nanoUsd: nanosOf(end.costUsd) };
  const real = amountOf(end.usage, cost);
  return cost === null ? { ...real, nanoUsd: worst.nanoUsd } : real;
}

/** No model worked: the request never got there, or was answered with an error at once. */
function wasTurnedAway({ provider }: PlannedModel, { class: failureClass, code }: Failure): boolean {
  // What a program asked before it failed, nobody knows.
  if (isDriver(provider)) return code === "not_started";
  // Its provider never came to it.
  if (code === "batch_expired") return true;
  if (failureClass === "network") return NEVER_SENT.has(code);
  return TURNED_AWAY.has(failureClass);
}

const TURNED_AWAY: ReadonlySet<string> = new Set(["rate_limit", "overloaded", "server", "auth", "invalid"]);
const NEVER_SENT: ReadonlySet<string> = new Set(["dns", "tls", "econnrefused", "ehostunreach", "enetunreach"]);
