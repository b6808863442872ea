import type { AttemptOutcome } from "../../../src/run/scheduler/event.ts";
import { must } from "./scheduler.ts";

/** What is known of an attempt: how often it was started without an outcome, then its outcome. */
interface Fact {
  starts: number;
  outcome: AttemptOutcome | null;
}

/** The part of the store that a resume reads: facts by the attempt's key (its name and what it read), and who may write. Outlives epochs. */
export class FactStore {
  readonly facts = new Map<string, Fact>();
  /** Real effects in the world, in order. Each must have been committed before. */
  readonly effects: string[] = [];
  /** Units (with what they read) that have succeeded: they must not start again. */
  readonly done = new Set<string>();
  #epoch = 0;

  /** A runner takes the lease; whoever had it can write nothing more. */
  open(): number {
    this.#epoch += 1;
    return this.#epoch;
  }

  /** Runs the writes of one event, all or none; false when the lease is gone. */
  commit(epoch: number, writes: () => void): boolean {
    if (epoch !== this.#epoch) return false;
    writes();
    return true;
  }

  /** The world is touched: only after a commit that says so, under the present epoch. */
  effect(epoch: number, key: string): void {
    must(epoch === this.#epoch, `effect of ${key} under an old epoch`);
    must((this.facts.get(key)?.starts ?? 0) > 0, `effect of ${key} before its commit`);
    this.effects.push(key);
  }
}
