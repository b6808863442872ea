import { isJsonObject, type Json } from "../util/json.ts";

const states = ["pending", "running", "succeeded", "failed"] as const;

export type ItemPhase = (typeof states)[number];

/** How many of many are in which state. */
export interface Tally {
  readonly total: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  /** What was in flight is not any more. */
  stopRunning(): void;
}

/** How many units of a `for_each` are in which state: a byte for each, and every change in constant time. */
export class ItemTally implements Tally {
  readonly total: number;
  readonly #states: Uint8Array;
  readonly #counts: { [phase in ItemPhase]: number };

  constructor(total: number) {
    this.total = total;
    this.#states = new Uint8Array(total);
    this.#counts = { pending: total, running: 0, succeeded: 0, failed: 0 };
  }

  get running(): number {
    return this.#counts.running;
  }

  get succeeded(): number {
    return this.#counts.succeeded;
  }

  get failed(): number {
    return this.#counts.failed;
  }

  /** An index that the list does not have is ignored. */
  set(item: number, phase: ItemPhase): void {
    const before = states[this.#states[item] ?? states.length];
    if (before === undefined) return;
    this.#states[item] = states.indexOf(phase);
    this.#counts[before] -= 1;
    this.#counts[phase] += 1;
  }

  /** What was in flight is not any more. */
  stopRunning(): void {
    if (this.running === 0) return;
    for (let item = 0; item < this.total; item += 1) if (this.#states[item] === 1) this.set(item, "pending");
  }

  /** The figures of the step's end, which know of items that were recalled. */
  end(told: Json | undefined): void {
    this.stopRunning();
    if (!isJsonObject(told)) return;
    const { succeeded, failed } = told;
    if (typeof succeeded !== "number" || typeof failed !== "number") return;
    Object.assign(this.#counts, { succeeded, failed, pending: this.total - succeeded - failed });
  }
}

/** How many instances of a step inside of a `for_each` are in which state. Its total is what has begun so far. */
export class InstanceTally implements Tally {
  #started = 0;
  #ended = { succeeded: 0, failed: 0, cancelled: 0 };

  get total(): number {
    return this.#started;
  }

  get running(): number {
    return this.#started - this.#ended.succeeded - this.#ended.failed - this.#ended.cancelled;
  }

  get succeeded(): number {
    return this.#ended.succeeded;
  }

  get failed(): number {
    return this.#ended.failed;
  }

  start(): void {
    this.#started += 1;
  }

  /** One that ends without a start (it was recalled) counts as both. */
  end(as: "succeeded" | "failed" | "cancelled"): void {
    if (this.running === 0) this.#started += 1;
    this.#ended[as] += 1;
  }

  stopRunning(): void {
    this.#started -= this.running;
  }
}
