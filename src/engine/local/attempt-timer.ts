import type { Clock } from "../../util/clock.ts";

/** Counts time while it is not stopped, and calls back once when the limit is reached; then it goes on counting. */
export class AttemptTimer {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #onTimeout: () => void;
  #countedMs = 0;
  #runningSince: number | null = null;
  #isOver = false;
  #cancel: (() => void) | null = null;

  /** Starts at once. `limitMs` null = never. */
  constructor(clock: Clock, limitMs: number | null, onTimeout: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs ?? Number.POSITIVE_INFINITY;
    this.#onTimeout = onTimeout;
    this.go();
  }

  /** What was counted so far. */
  get countedMs(): number {
    return this.#countedMs + (this.#runningSince === null ? 0 : this.#clock.monotonic() - this.#runningSince);
  }

  /** Goes on counting; harmless when it runs. */
  go(): void {
    if (this.#runningSince !== null) return;
    this.#runningSince = this.#clock.monotonic();
    if (this.#limitMs === Number.POSITIVE_INFINITY || this.#isOver) return;
    this.#cancel = this.#clock.after(Math.max(0, this.#limitMs - this.#countedMs), () => {
      this.#isOver = true;
      this.#cancel = null;
      this.#onTimeout();
    });
  }

  /** Counts no more until `go`; harmless when it stands. */
  stop(): void {
    if (this.#runningSince === null) return;
    this.#countedMs = this.countedMs;
    this.#runningSince = null;
    this.#cancel?.();
    this.#cancel = null;
  }
}
