import { isPaidKey } from "../attempt-key.ts";
import { chosenAgent, type Fact } from "../fact.ts";
import type { Usage } from "../../util/usage.ts";
import { amountOf, nanosOf, nothing, plus, usdOf, type Amount } from "./amount.ts";
import type { BudgetPlace, Places } from "./place.ts";

/**
 * The fact that a call may take so much: written before it starts, and what counts when its end is never heard of.
 * `chosen` is the agent that makes it, where it was chosen in the run.
 */
export function reservation(key: string, fingerprint: string, worst: Amount, at: number, chosen?: string): Fact {
  return {
    key,
    fingerprint,
    state: "started",
    starts: 1,
    startedAt: at,
    endedAt: null,
    output: null,
    extra: { ...chargeJson(worst), ...(chosen === undefined ? {} : { agent: chosen }) },
    failure: null,
    model: null,
    usage: null,
    costUsd: null,
  };
}

/** The same fact once the call is over. `charged` is what the budgets count, which may be more than what is known. */
export function payment(
  reserved: Fact,
  charged: Amount,
  known: { readonly model: string | null; readonly usage: Usage | null; readonly costUsd: number | null },
  at: number,
): Fact {
  return {
    ...reserved,
    ...known,
    state: "succeeded",
    endedAt: at,
    output: { inline: null },
    extra: { ...reserved.extra, ...chargeJson(charged) },
  };
}

function chargeJson({ nanoUsd, tokens, calls }: Amount): NonNullable<Fact["extra"]> {
  return { usd: usdOf(nanoUsd), tokens, calls };
}

/** What a fact counts in the budgets around it. */
export function chargeOf(fact: Fact): Amount {
  if (isPaidKey(fact.key) && fact.extra !== null) {
    const { usd, tokens, calls } = fact.extra;
    return { nanoUsd: nanosOf(Number(usd)), tokens: Number(tokens), calls: Number(calls) };
  }
  return fact.usage === null ? nothing : amountOf(fact.usage, fact.costUsd);
}

/** What was spent in each budget by these facts: budgets of the run and of agents also where nothing was. */
export function spentIn(facts: Iterable<Fact>, places: Places): Map<string, { place: BudgetPlace; spent: Amount }> {
  const spent = new Map<string, { place: BudgetPlace; spent: Amount }>();
  for (const place of places.lasting) spent.set(place.id, { place, spent: nothing });
  for (const fact of facts) {
    const charge = chargeOf(fact);
    if (charge === nothing) continue;
    for (const place of places.at(fact.key, null, chosenAgent(fact)).budgets) {
      const known = spent.get(place.id);
      spent.set(place.id, { place, spent: plus(known?.spent ?? nothing, charge) });
    }
  }
  return spent;
}
