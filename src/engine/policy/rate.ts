import type { NormalRates } from "../../manifest/pressure.ts";
import type { PlannedModel } from "../../plan/types.ts";
import type { RateStore, RateTaken, RateUse } from "../../run/rate-use.ts";
import type { Clock } from "../../util/clock.ts";
import { formatRate, type Rate } from "../../util/rate.ts";
import { sleep } from "../../util/sleep.ts";
import type { GatedAttempt } from "../local/attempt.ts";
import type { PolicyHost } from "./host.ts";
import { HOLD_MS, RateHold } from "./rate-hold.ts";
import { WaitingLine } from "./waiting-line.ts";

/** Other processes may give room back at any time: nobody waits longer without looking again. */
const LOOK_AGAIN_MS = 10_000;

/** A call that was let in by its rates. */
export interface RatedCall {
  readonly hold: RateHold;
  /** How many tokens it took. */
  took(tokens: number): void;
}

/** The rates of a run, counted together with all runs of the project. */
export class Rates {
  readonly #store: RateStore;
  readonly #clock: Clock;
  readonly #host: PolicyHost;
  /** Who waits for the same rates, in the order in which they came. */
  readonly #lines = new Map<string, WaitingLine>();
  /** Wakes those at the heads of the lines. */
  readonly #heads = new Set<() => void>();

  constructor(store: RateStore, clock: Clock, host: PolicyHost) {
    this.#store = store;
    this.#clock = clock;
    this.#host = host;
  }

  /** An attempt of an agent starts: it begins with its first call. null when it was stopped while it waited. */
  async spawn(attempt: GatedAttempt, rates: readonly NormalRates[]): Promise<RateHold | null> {
    const ids = await this.#take(attempt, [useOf("spawns", 1, rates, (rate) => rate.spawns)]);
    return ids === null ? null : this.#held(attempt, ids);
  }

  /** A call of a model starts, which takes at most so many tokens. null when it was stopped while it waited. */
  async call(
    attempt: GatedAttempt,
    rates: readonly NormalRates[],
    { provider }: PlannedModel,
    tokens: number,
  ): Promise<RatedCall | null> {
    const requests = useOf(`requests:${provider}`, 1, rates, (rate) => rate.providers[provider]?.requests ?? null);
    const use = useOf(`tokens:${provider}`, tokens, rates, (rate) => rate.providers[provider]?.tokens ?? null);
    const ids = await this.#take(attempt, [requests, use]);
    if (ids === null) return null;
    const hold = this.#held(attempt, ids);
    const id = ids.get(use.name);
    return { hold, took: (real) => (id === undefined ? undefined : hold.amount(id, real)) };
  }

  #held({ signal }: GatedAttempt, ids: ReadonlyMap<string, number>): RateHold {
    const changed = (): void => {
      for (const wake of this.#heads) wake();
    };
    return new RateHold([...ids.values()], this.#store, this.#clock, this.#host, signal, changed);
  }

  /** The ids of what was taken, by name; null when the attempt was stopped while it waited. */
  async #take(attempt: GatedAttempt, wanted: readonly RateUse[]): Promise<ReadonlyMap<string, number> | null> {
    const uses = wanted.filter(({ limits }) => limits.length > 0);
    if (uses.length === 0) return new Map();
    const key = JSON.stringify(uses.map(({ name, limits }) => [name, limits]));
    const line = this.#lines.get(key) ?? new WaitingLine();
    this.#lines.set(key, line);
    const turn = line.join();
    try {
      if (turn.before !== null) {
        this.#tell(attempt, uses, line.cause);
        if (!(await attempt.pause(turn.before))) return null;
      }
      return await this.#takeFirst(attempt, uses, line, turn.before !== null);
    } finally {
      turn.leave();
    }
  }

  /** At the head of the line. */
  async #takeFirst(
    attempt: GatedAttempt,
    uses: readonly RateUse[],
    line: WaitingLine,
    isTold: boolean,
  ): Promise<ReadonlyMap<string, number> | null> {
    for (let hasTold = isTold; ; hasTold = true) {
      const now = this.#clock.now();
      const taken = this.#host.guarded((): RateTaken => this.#store.take(uses, now, now + HOLD_MS));
      if (taken === null || attempt.signal.aborted) return null;
      if (taken.ok) return new Map(uses.map(({ name }, index) => [name, taken.ids[index] as number]));
      line.cause = taken.name;
      if (!hasTold) this.#tell(attempt, uses, taken.name);
      if (!(await attempt.pause(this.#news(Math.min(taken.waitMs, LOOK_AGAIN_MS), attempt.signal)))) return null;
    }
  }

  /** Settles after this time, or when there may be room before. */
  async #news(waitMs: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    let wake: () => void = () => {};
    const woken = new Promise<void>((resolve) => (wake = resolve));
    this.#heads.add(wake);
    await Promise.race([sleep(this.#clock, waitMs, AbortSignal.any([signal, over.signal])), woken]);
    this.#heads.delete(wake);
    over.abort();
  }

  #tell({ start }: GatedAttempt, uses: readonly RateUse[], cause: string | null): void {
    const { name, limits } = (uses.find((use) => use.name === cause) ?? uses[0]) as RateUse;
    const [what = "", provider] = name.split(":");
    const rate = limits.map(formatRate).join(" and ");
    const message = `waits for limits.rate: ${provider === undefined ? what : `${what} of ${provider}`} (${rate})`;
    this.#host.event(start, "step.waiting", { for: "rate", rate: name, message });
  }
}

function useOf(
  name: string,
  amount: number,
  rates: readonly NormalRates[],
  limit: (rates: NormalRates) => Rate | null,
): RateUse {
  return { name, amount, limits: rates.flatMap((each) => limit(each) ?? []) };
}
