import { EvaluationError } from "./evaluation-error.ts";
import { mostWork } from "./limit.ts";

/**
 * The budget of one evaluation. Everything that takes time or memory in proportion to data is charged before it is
 * done, so an expression stops by itself and equal expressions over equal values stop at the same place.
 */
export class Meter {
  #left: number;

  /** `work` is the budget in units. */
  constructor(work: number = mostWork) {
    this.#left = work;
  }

  /** Takes `units` of work; throws `cost` when the budget is spent. */
  charge(units: number): void {
    this.#left -= units;
    if (this.#left < 0) {
      throw new EvaluationError("cost", "the expression costs too much: too many list items or too much text at once");
    }
  }

  /** Takes the work of reading or writing `count` characters. */
  chargeText(count: number): void {
    this.charge(1 + Math.floor(count / 64));
  }

  /** Takes the work of looking for a part in a text; a long part may be compared at every place. */
  chargeSearch(textLength: number, partLength: number): void {
    if (partLength <= textLength) this.chargeText(textLength * (1 + Math.floor(partLength / 64)));
  }
}
