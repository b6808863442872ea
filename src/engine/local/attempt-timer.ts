import type { Clock } from "../../util/clock.ts";

/** Counts the time of an attempt while it is not stopped, and calls back once when the limit is reached. */
export class AttemptTimer {
  readonly #clock: Clock;
  readonly #onTimeout: () => void;
  #leftMs: number;
  #runningSince: number | null = null;
  #cancel: (() => void) | null = null;

  /** Starts at once. `limitMs` null = never. */
  constructor(clock: Clock, limitMs: number | null, onTimeout: () => void) {
    this.#clock = clock;
    this.#onTimeout = onTimeout;
    this.#leftMs = limitMs ?? Number.POSITIVE_INFINITY;
    this.go();
  }

  /** Goes on counting; harmless when it runs. */
  go(): void {
    if (this.#runningSince !== null || this.#leftMs <= 0) return;
    this.#runningSince = this.#clock.monotonic();
    if (this.#leftMs === Number.POSITIVE_INFINITY) return;
    this.#cancel = this.#clock.after(this.#leftMs, () => {
      this.#leftMs = 0;
      this.#runningSince = null;
      this.#onTimeout();
    });
  }

  /** Counts no more until `go`; harmless when it stands. */
  stop(): void {
    if (this.#runningSince === null) return;
    this.#leftMs -= this.#clock.monotonic() - this.#runningSince;
    this.#runningSince = null;
    this.#cancel?.();
    this.#cancel = null;
  }
}
