import type { Clock } from "../../util/clock.ts";
import { AttemptTimer } from "./attempt-timer.ts";

/** What a run does at a later time, until it is over. */
export class Timers {
  readonly #clock: Clock;
  readonly #cancels = new Set<() => void>();
  #isOver = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  after(ms: number, task: () => void): void {
    const cancel = this.#clock.after(ms, () => {
      this.#cancels.delete(cancel);
      task();
    });
    this.#cancels.add(cancel);
  }

  every(ms: number, task: () => void): void {
    this.after(ms, () => {
      task();
      if (!this.#isOver) this.every(ms, task);
    });
  }

  /** Nothing is done any more. */
  cancelAll(): void {
    this.#isOver = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}

/** At most one timer for each unit. */
export class UnitTimers {
  readonly #clock: Clock;
  readonly #cancels = new Map<number, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(unit: number, ms: number, task: () => void): void {
    const cancel = this.#clock.after(ms, () => {
      this.#cancels.delete(unit);
      task();
    });
    this.#cancels.set(unit, cancel);
  }

  get units(): Iterable<number> {
    return this.#cancels.keys();
  }

  get size(): number {
    return this.#cancels.size;
  }

  /** Harmless when there is none. */
  cancel(unit: number): void {
    this.#cancels.get(unit)?.();
    this.#cancels.delete(unit);
  }

  cancelAll(): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }
}

/** The time limits of groups and sub-workflows: each counts while something inside of it moves. */
export class GroupTimers {
  readonly #clock: Clock;
  readonly #timers = new Map<number, { readonly key: string; readonly timer: AttemptTimer }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `key` is the lasting name of the attempt that the limit is for. */
  set(unit: number, key: string, ms: number, task: () => void): void {
    const onTimeout = (): void => {
      this.cancel(unit);
      task();
    };
    this.#timers.set(unit, { key, timer: new AttemptTimer(this.#clock, ms, onTimeout) });
  }

  /** Harmless when there is none. */
  cancel(unit: number): void {
    this.#timers.get(unit)?.timer.stop();
    this.#timers.delete(unit);
  }

  cancelAll(): void {
    for (const { timer } of this.#timers.values()) timer.stop();
    this.#timers.clear();
  }

  /** Tells what moves, by lasting names of units or attempts. */
  follow(moving: Iterable<string>): void {
    if (this.#timers.size === 0) return;
    const around = aroundAll(moving);
    for (const { key, timer } of this.#timers.values()) {
      if (around.has(key)) timer.go();
      else timer.stop();
    }
  }
}

/** The names of all attempts that these are inside of. */
function aroundAll(names: Iterable<string>): ReadonlySet<string> {
  const around = new Set<string>();
  for (const name of names)
    for (let end = name.indexOf("/"); end >= 0; end = name.indexOf("/", end + 1)) around.add(name.slice(0, end));
  return around;
}
