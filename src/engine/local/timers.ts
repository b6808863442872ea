import type { Clock } from "../../util/clock.ts";

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
