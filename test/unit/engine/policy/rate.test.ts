import { describe, expect, it } from "vitest";
import type { GatedAttempt } from "../../../../src/engine/local/attempt.ts";
import type { PolicyHost } from "../../../../src/engine/policy/host.ts";
import { Rates } from "../../../../src/engine/policy/rate.ts";
import { memoryRates } from "../../../../src/store/memory/memory-rates.ts";
import { jsonText } from "../../../../src/util/json.ts";
import { sleep } from "../../../../src/util/sleep.ts";
import { createFakeClock, type FakeClock } from "../../../rig/clock.ts";
import { randomOf } from "../../../rig/fault/share.ts";

const never = new AbortController().signal;
const model = { provider: "anthropic" } as never;

function attemptOn(told: string[]): {
  readonly attempt: GatedAttempt;
  readonly host: (clock: FakeClock) => PolicyHost;
} {
  const attempt = {
    start: {},
    signal: never,
    pause: async (until: Promise<unknown>) => {
      await until;
      return true;
    },
  } as unknown as GatedAttempt;
  const host = (clock: FakeClock): PolicyHost => ({
    now: () => clock.now(),
    remember() {},
    event: (_start, _type, { message }) => told.push(jsonText(message ?? null)),
    guarded: (work) => work(),
    committed: async () => true,
  });
  return { attempt, host };
}

/** The most that began within any span of so long. */
function mostWithin(times: readonly number[], spanMs: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return Math.max(...sorted.map((from) => sorted.filter((at) => at >= from && at < from + spanMs).length));
}

describe("a rate", () => {
  it("holds where the requests arrive, whatever passes between grant and arrival, over several runners", async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = randomOf(seed);
      const clock = createFakeClock();
      const store = memoryRates();
      const { attempt, host } = attemptOn([]);
      const rates = {
        spawns: null,
        providers: { anthropic: { requests: { count: 4, windowMs: 60_000 }, tokens: null } },
      };
      const arrivals: number[] = [];
      const began = clock.now();
      const call = async (runner: Rates): Promise<void> => {
        const taken = await runner.call(attempt, [rates], model, 10);
        // A library is loaded, a name looked up, a connection made: nothing, or longer than any hold.
        await sleep(clock, Math.floor(random() * 3) * 6_000, never);
        taken?.hold.sent();
        await sleep(clock, Math.floor(random() * 4_000), never);
        arrivals.push(clock.now());
        await sleep(clock, Math.floor(random() * 30_000), never);
        taken?.hold.begun();
        taken?.took(1);
      };
      const runners = [1, 2, 3].map(() => new Rates(store, clock, host(clock)));
      await Promise.all(Array.from({ length: 18 }, (_, index) => call(runners[index % 3] as Rates)));
      expect(mostWithin(arrivals, 60_000), `seed ${seed}`).toBeLessThanOrEqual(4);
      // And nobody waits for more than what that takes: 18 calls are 5 windows, each begun within 17 s.
      expect(clock.now() - began, `seed ${seed}`).toBeLessThan(5 * 80_000 + 60_000);
    }
  });

  it("of tokens counts what a call came to, and lets those behind in at once", async () => {
    const clock = createFakeClock();
    const told: string[] = [];
    const { attempt, host } = attemptOn(told);
    const runner = new Rates(memoryRates(), clock, host(clock));
    const rates = {
      spawns: null,
      providers: { anthropic: { requests: null, tokens: { count: 1000, windowMs: 3_600_000 } } },
    };
    const ask = () => runner.call(attempt, [rates], model, 900);
    const first = await ask();
    const second = ask();
    await sleep(clock, 500, never);
    expect(told).toEqual(["waits for limits.rate: tokens of anthropic (1k/h)"]);
    const before = clock.now();
    first?.hold.sent();
    first?.hold.begun();
    first?.took(50);
    expect(await second).not.toBeNull();
    expect(clock.now() - before).toBeLessThan(10);
  });

  it("lets those who wait for it go on in the order in which they came", async () => {
    const clock = createFakeClock();
    const { attempt, host } = attemptOn([]);
    const runner = new Rates(memoryRates(), clock, host(clock));
    const rates = { spawns: { count: 1, windowMs: 1000 }, providers: {} };
    const order: number[] = [];
    await Promise.all(
      [1, 2, 3, 4].map(async (who) => {
        const hold = await runner.spawn(attempt, [rates]);
        order.push(who);
        hold?.begun();
      }),
    );
    expect(order).toEqual([1, 2, 3, 4]);
  });
});
