import { priceOf } from "./price/price.ts";
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
  /** By id and own price: two aliases may give one id two prices. */
  readonly #models = new Map<string, { readonly id: string; readonly price: Price | null; maxCalls: number }>();

  /** Notes that a model may get so many calls; gives its price. */
  add(model: PlannedModel, calls: number): Price | null {
    const key = JSON.stringify([model.id, model.price]);
    const known = this.#models.get(key);
    if (known !== undefined) {
      known.maxCalls += calls;
      return known.price;
    }
    const price = priceOf(model.id, model.price);
    this.#models.set(key, { id: model.id, price, maxCalls: calls });
    return price;
  }

  /** In the order in which they were first added. */
  models(): readonly ModelEstimate[] {
    return [...this.#models.values()];
  }
}
