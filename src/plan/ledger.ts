import { callPriceOf } from "./price/price.ts";
import type { Price } from "./price/rates.ts";
import type { PlannedModel } from "./types.ts";

/** A model that a run may ask. */
export interface ModelEstimate {
  readonly id: string;
  /** USD per million tokens; null = not known. */
  readonly price: Price | null;
  /** Most calls that this model may get. */
  readonly maxCalls: number;
}

/** Counts the calls of each model while a plan is estimated, and what is not known of their cost. */
export class Ledger {
  /** What prompts read whose size is not known. */
  readonly unknownInput = new Set<string>();
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

  /** In the order in which they were first added. */
  models(): readonly ModelEstimate[] {
    return [...this.#models.values()];
  }
}
