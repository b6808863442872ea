import type { NormalRates } from "../../manifest/pressure.ts";
import type { PlannedModel } from "../../plan/types.ts";
import type { RateStore, RateTaken, RateUse } from "../../run/rate-use.ts";
import type { Clock } from "../../util/clock.ts";
import { formatRate, type Rate } from "../../util/rate.ts";
import { sleep } from "../../util/sleep.ts";
import type { GatedAttempt } from "../local/attempt.ts";
import type { PolicyHost } from "./host.ts";

/** Other processes may give room back at any time: nobody waits longer without looking again. */
const LOOK_AGAIN_MS = 10_000;

/** The rates of a run, counted together with all runs of the project. */
export class Rates {
  readonly #store: RateStore;
  readonly #clock: Clock;
  readonly #host: PolicyHost;

  constructor(store: RateStore, clock: Clock, host: PolicyHost) {
    this.#store = store;
    this.#clock = clock;
    this.#host = host;
  }

  /** An attempt of an agent starts. False when it was stopped while it waited. */
  async spawn(attempt: GatedAttempt, rates: readonly NormalRates[]): Promise<boolean> {
    return (await this.#take(attempt, [useOf("spawns", 1, rates, (rate) => rate.spawns)])) !== null;
  }

  /**
   * A call of a model starts, which takes at most so many tokens. Gives what is told how many it took, null when the
   * attempt was stopped while it waited.
   */
  async call(
    attempt: GatedAttempt,
    rates: readonly NormalRates[],
    { provider }: PlannedModel,
    tokens: number,
  ): Promise<((tokens: number) => void) | null> {
    const requests = useOf(`requests:${provider}`, 1, rates, (rate) => rate.providers[provider]?.requests ?? null);
    const use = useOf(`tokens:${provider}`, tokens, rates, (rate) => rate.providers[provider]?.tokens ?? null);
    const ids = await this.#take(attempt, [requests, use]);
    if (ids === null) return null;
    const id = ids.get(use.name);
    return id === undefined ? () => undefined : (real) => void this.#host.guarded(() => this.#store.correct(id, real));
  }

  async #take(attempt: GatedAttempt, wanted: readonly RateUse[]): Promise<ReadonlyMap<string, number> | null> {
    const uses = wanted.filter(({ limits }) => limits.length > 0);
    if (uses.length === 0) return new Map();
    for (let isTold = false; ; isTold = true) {
      const taken = this.#host.guarded((): RateTaken => this.#store.take(uses, this.#clock.now()));
      if (taken === null || attempt.signal.aborted) return null;
      if (taken.ok) return new Map(uses.map(({ name }, index) => [name, taken.ids[index] as number]));
      if (!isTold) this.#tell(attempt, uses.find(({ name }) => name === taken.name) as RateUse);
      const waitMs = Math.min(taken.waitMs, LOOK_AGAIN_MS);
      if (!(await attempt.pause(sleep(this.#clock, waitMs, attempt.signal)))) return null;
    }
  }

  #tell({ start }: GatedAttempt, { name, limits }: RateUse): void {
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
