import { callPriceOf } from "./price/price.ts";
import type { Price } from "./price/rates.ts";
import type { Range } from "./range.ts";
import type { PlannedModel } from "./types.ts";

/** A model that a run may ask. */
export interface ModelEstimate {
  readonly id: string;
  /** USD per million tokens; null = not known. */
  readonly price: Price | null;
  /** Most calls that this model may get. */
  readonly maxCalls: number;
}

/** What an agent with a budget of its own may take of it. */
export interface AgentEstimate extends AgentSums {
  readonly agent: string;
}

interface AgentSums {
  readonly calls: Range;
  readonly costUsd: Range;
  /** The ceiling of the cost has all: no prompt of unknown size, no model of unknown price. */
  readonly isBounded: boolean;
}

/** Counts the calls of each model while a plan is estimated, and what is not known of their cost. */
export class Ledger {
  /** What prompts read whose size is not known. */
  readonly unknownInput = new Set<string>();
  readonly #agents = new Map<string, AgentSums>();
  /** By id, own price and endpoint: two aliases may give one id two prices. */
  readonly #models = new Map<string, { readonly id: string; readonly price: Price | null; maxCalls: number }>();

  /** Notes that a model may get so many calls, through its batch endpoint or not; gives its price. */
  add(model: PlannedModel, calls: number, isBatch = false): Price | null {
    const key = JSON.stringify([model.id, model.price, isBatch]);
    const known = this.#models.get(key);
    if (known !== undefined) {
      known.maxCalls += calls;
      return known.price;
    }
    const price = callPriceOf(model, isBatch);
    this.#models.set(key, { id: model.id, price, maxCalls: calls });
    return price;
  }

  /** Notes what an agent with a budget may take of it. */
  ask(agent: string, more: AgentSums): void {
    const known = this.#agents.get(agent);
    const both = known === undefined ? more : together(known, more);
    this.#agents.set(agent, both);
  }

  agents(): readonly AgentEstimate[] {
    return [...this.#agents].map(([agent, sums]) => ({ agent, ...sums }));
  }

  /** In the order in which they were first added. */
  models(): readonly ModelEstimate[] {
    return [...this.#models.values()];
  }
}

function together(a: AgentSums, b: AgentSums): AgentSums {
  return {
    calls: sum(a.calls, b.calls),
    costUsd: sum(a.costUsd, b.costUsd),
    isBounded: a.isBounded && b.isBounded,
  };
}

function sum(a: Range, b: Range): Range {
  return { floor: a.floor + b.floor, ceiling: a.ceiling + b.ceiling };
}
