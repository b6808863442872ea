import type { RateStore } from "../../run/rate-use.ts";
import type { Clock } from "../../util/clock.ts";
import { sleep } from "../../util/sleep.ts";
import type { PolicyHost } from "./host.ts";

/** A use that has not begun counts as if it began so far ahead: what a crash leaves behind holds for no less, and not much more. */
export const HOLD_MS = 5_000;
/** From the moment that a request has left to that in which the other side has it, at most. */
const ON_THE_WAY_MS = 5_000;

/**
 * Uses of rates by something that was let in and begins soon. Between the grant and the begin there may be a cold start
 * (a library, a connection), and the other side counts from the begin alone: so a use counts from then.
 *
 *   held -> sent -> over      held: counts from a moment ahead, which moves on until it is sent
 *      \____________/         sent: from when the other side has it for sure
 *                             over: from when it has shown that it had it, or from the end
 */
export class RateHold {
  readonly #ids: readonly number[];
  readonly #store: RateStore;
  readonly #clock: Clock;
  readonly #host: PolicyHost;
  readonly #changed: () => void;
  /** Ends the holding: aborted when it is sent or over, or its attempt stops. */
  readonly #held = new AbortController();
  #state: "held" | "sent" | "over" = "held";
  /** Where it is counted, once it is sent. */
  #latest = Number.POSITIVE_INFINITY;

  /** `ids` are those of its uses; `changed` is called when there may be room for others. */
  constructor(
    ids: readonly number[],
    store: RateStore,
    clock: Clock,
    host: PolicyHost,
    stop: AbortSignal,
    changed: () => void,
  ) {
    this.#ids = ids;
    this.#store = store;
    this.#clock = clock;
    this.#host = host;
    this.#changed = changed;
    if (ids.length > 0) void this.#hold(AbortSignal.any([stop, this.#held.signal]));
  }

  /** It has been sent. */
  sent(): void {
    if (this.#state !== "held" || this.#ids.length === 0) return;
    this.#state = "sent";
    this.#held.abort();
    this.#latest = this.#clock.now() + ON_THE_WAY_MS;
    this.#count(this.#latest);
  }

  /** The other side has it, or nothing more is heard of it. */
  begun(): void {
    if (this.#state === "over" || this.#ids.length === 0) return;
    this.#state = "over";
    this.#held.abort();
    const at = this.#clock.now();
    if (at < this.#latest) this.#count(at);
  }

  /** One of its uses came to so much. */
  amount(id: number, amount: number): void {
    this.#host.guarded(() => this.#store.correct(id, { amount }));
    this.#changed();
  }

  #count(at: number): void {
    this.#host.guarded(() => {
      for (const id of this.#ids) this.#store.correct(id, { at });
    });
    this.#changed();
  }

  /** Moves the moment on for as long as it does not begin. */
  async #hold(until: AbortSignal): Promise<void> {
    while (await sleep(this.#clock, HOLD_MS / 2, until)) {
      const at = this.#clock.now() + HOLD_MS;
      const isHeld = this.#host.guarded(() => {
        for (const id of this.#ids) this.#store.correct(id, { at });
        return true;
      });
      if (isHeld === null) return;
    }
  }
}
