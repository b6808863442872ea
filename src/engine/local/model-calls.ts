import { callKey, paidKey, ticketKey } from "../../run/attempt-key.ts";
import { pureFact, type Fact } from "../../run/fact.ts";
import { noSpend, plusSpend } from "../../run/spend.ts";
import { addSpend, type StepRecord } from "../../run/state.ts";
import type { Json } from "../../util/json.ts";
import type { CoreOptions } from "./core-options.ts";
import type { Start } from "./sink.ts";

/** What an attempt or a model call cost. */
export type Spent = Pick<Fact, "model" | "usage" | "costUsd">;

/** What an attempt cost over all its starts. */
export function together(before: Spent, now: Spent): Spent {
  if (before.usage === null) return now;
  return { model: now.model ?? before.model, ...plusSpend(plusSpend(noSpend, before), now) };
}

export interface ModelCallOptions extends Pick<CoreOptions, "facts" | "keep" | "read" | "now"> {
  readonly remember: (fact: Fact) => void;
}

/** The model calls inside attempts: each reply that was paid is a fact, and is never paid again. */
export class ModelCalls {
  readonly #o: ModelCallOptions;

  constructor(options: ModelCallOptions) {
    this.#o = options;
  }

  /** Records a finished call, the `n`-th of its attempt. */
  record(start: Start, n: number, requestDigest: string, reply: Json, spent: Spent): void {
    const { keep, now, remember } = this.#o;
    const { chosen } = start.work;
    const extra = chosen === undefined ? null : { agent: chosen };
    remember({ ...pureFact(callKey(start.key, n), requestDigest, keep(reply), now()), ...spent, extra });
    addSpend(start.record, spent);
  }

  /** The recorded reply to the `n`-th call of an attempt, or null. */
  recall(start: Start, n: number, requestDigest: string): Json | null {
    const fact = this.#o.facts.find(callKey(start.key, n), requestDigest);
    if (fact === null || fact.output === null) return null;
    addSpend(start.record, fact);
    return this.#o.read(fact.output);
  }

  /** Adds what the calls of an attempt were paid in earlier starts to its step, where a budget counted them. */
  addPaid(key: string, fingerprint: string, record: StepRecord): void {
    if (!this.#o.facts.hasPaid) return;
    for (let n = 1; ; n += 1) {
      const paid = this.#o.facts.find(paidKey(key, n), fingerprint);
      if (paid === null) return;
      addSpend(record, paid);
    }
  }

  /** Where the answer to a call is to be found that was handed in; null = nowhere. */
  ticket(start: Start, n: number, requestDigest: string): Json | null {
    const fact = this.#o.facts.find(ticketKey(start.key, n), requestDigest);
    return fact === null || fact.output === null ? null : this.#o.read(fact.output);
  }

  /** A lasting one is `waiting`, which survives that its step is tried anew. */
  keepTicket(start: Start, n: number, requestDigest: string, ticket: Json | null, isLasting: boolean): void {
    const { keep, now, remember } = this.#o;
    const fact = pureFact(ticketKey(start.key, n), requestDigest, keep(ticket), now());
    remember({ ...fact, state: isLasting ? "waiting" : "started", endedAt: null });
  }

  /** Adds what the calls of a recorded attempt, and those of whom it started, cost to its step. */
  addUp(attempt: string, record: StepRecord): void {
    for (let n = 1; ; n += 1) {
      const calls = this.#o.facts.all(callKey(attempt, n));
      if (calls.length === 0) break;
      for (const call of calls) addSpend(record, call);
    }
    for (const child of this.#o.facts.childrenOf(attempt)) {
      for (const fact of this.#o.facts.all(child)) {
        addSpend(record, fact);
        this.addPaid(child, fact.fingerprint, record);
      }
      this.addUp(child, record);
    }
  }
}
