import { failure, type Failure } from "../../run/failure.ts";
import type { Clock } from "../../util/clock.ts";
import { formatDuration } from "../../util/duration.ts";
import { err } from "../../util/result.ts";
import type { BatchApi, BatchState } from "./batch-api.ts";
import { ticketJson, type Ticket } from "./ticket.ts";
import type { Want } from "./want.ts";

/** The first pause between two looks at a batch; each is longer than the one before. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const GROWTH = 1.5;
/** A batch ends within 24 hours; whoever hears nothing for so long will hear nothing. */
const LONGEST_SILENCE_MS = 25 * 60 * 60_000;
/** No answer of these kinds becomes another one by asking again. */
export const HOPELESS: ReadonlySet<string> = new Set(["auth", "invalid"]);

/** Waits for one batch and gives its answers to those who want them. It looks only while somebody does. */
export class Collector {
  readonly #api: BatchApi;
  readonly #clock: Clock;
  readonly #id: string;
  readonly #wants = new Map<string, { readonly want: Want; readonly ticket: Ticket }>();
  #pauseMs = FIRST_PAUSE_MS;
  #isLooking = false;
  #cancelPause: (() => void) | null = null;
  #silentSince: number;

  constructor(api: BatchApi, clock: Clock, id: string) {
    this.#api = api;
    this.#clock = clock;
    this.#id = id;
    this.#silentSince = clock.now();
  }

  get isWanted(): boolean {
    return this.#wants.size > 0;
  }

  add(want: Want, ticket: Ticket): void {
    this.#wants.set(ticket.customId, { want, ticket });
    want.deferral.away({
      request: `batch/${this.#id}/${ticket.customId}`,
      message: `waits for batch ${this.#id} (${ticket.size} request${ticket.size === 1 ? "" : "s"})`,
    });
    if (this.#isLooking || this.#cancelPause !== null) return;
    void this.#look();
  }

  /** True when it was wanted here. */
  remove(want: Want): boolean {
    for (const [customId, each] of this.#wants) {
      if (each.want !== want) continue;
      this.#wants.delete(customId);
      if (this.#wants.size === 0) this.#stopPause();
      return true;
    }
    return false;
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    while (this.isWanted) {
      const state = await this.#api.state(this.#id);
      if (!state.ok) {
        if (this.#isHopeless(state.error)) this.#giveUp(state.error);
      } else if (await this.#isCollected(state.value)) break;
      if (!this.isWanted) break;
      await this.#pause(state.ok ? null : state.error.retryAfterMs);
    }
    this.#isLooking = false;
  }

  /** Gives out the answers of a batch that has ended; false = look again later. */
  async #isCollected(state: BatchState): Promise<boolean> {
    this.#silentSince = this.#clock.now();
    if (!state.isEnded) return false;
    const asked = new Set(this.#wants.keys());
    const broken = await this.#api.read(this.#id, ({ customId, result }) => {
      const entry = this.#wants.get(customId);
      if (entry === undefined) return;
      this.#wants.delete(customId);
      // What costs nothing is asked anew by the next try; what was paid is on the record with the attempt.
      if (!result.ok) entry.want.deferral.keep(null);
      entry.want.give(result);
    });
    if (broken !== null) {
      if (this.#isHopeless(broken)) this.#giveUp(broken);
      return false;
    }
    for (const [customId, { want }] of this.#wants) {
      // Who came while it was read looks for itself.
      if (!asked.has(customId)) continue;
      this.#wants.delete(customId);
      want.deferral.keep(null);
      want.give(
        err(failure("server", "batch_incomplete", `batch ${this.#id} ended without an answer to this request`)),
      );
    }
    return !this.isWanted;
  }

  #isHopeless({ class: failureClass }: Failure): boolean {
    return HOPELESS.has(failureClass) || this.#clock.now() - this.#silentSince > LONGEST_SILENCE_MS;
  }

  /** The batch may still be answered, and is paid then: a later try, even after a failed run, looks there again. */
  #giveUp(why: Failure): void {
    const message = `batch ${this.#id} cannot be read: ${why.message}`;
    const help = `${why.help === null ? "" : `${why.help}; `}its answers are kept for 29 days: mend the cause, and 'muster resume' collects them`;
    const silence = formatDuration(LONGEST_SILENCE_MS);
    const code = HOPELESS.has(why.class) ? why.code : "batch_silent";
    for (const { want, ticket } of this.#wants.values()) {
      want.deferral.keep(ticketJson(ticket), true);
      const told = code === "batch_silent" ? `${message} (for ${silence})` : message;
      want.give(err(failure(why.class, code, told, { help })));
    }
    this.#wants.clear();
  }

  #pause(askedMs: number | null): Promise<void> {
    const ms = Math.max(askedMs ?? 0, this.#pauseMs);
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, Math.round(this.#pauseMs * GROWTH));
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, () => this.#stopPause());
      this.#cancelPause = () => {
        cancel();
        resolve();
      };
    });
  }

  #stopPause(): void {
    this.#cancelPause?.();
    this.#cancelPause = null;
  }
}
