import { CLOCK_SLACK_MS, LONGEST_WINDOW_MS, waitFor, type RateStore } from "../../run/rate-use.ts";

/** Uses of limits in time, in memory. */
export function memoryRates(): RateStore {
  let uses: { readonly id: number; readonly name: string; at: number; amount: number }[] = [];
  let lastId = 0;
  return {
    take(wanted, now, from) {
      for (const use of wanted) {
        const waitMs = waitFor(
          uses
            .filter(({ name, at }) => name === use.name && at <= now + CLOCK_SLACK_MS)
            .toSorted((a, b) => a.at - b.at),
          use,
          now,
        );
        if (waitMs > 0) return { ok: false, waitMs, name: use.name };
      }
      uses = uses.filter(({ at }) => at > now - LONGEST_WINDOW_MS);
      const ids = wanted.map(({ name, amount }) => {
        lastId += 1;
        uses.push({ id: lastId, name, at: from, amount });
        return lastId;
      });
      return { ok: true, ids };
    },
    correct(id, { amount, at }) {
      const use = uses.find((one) => one.id === id);
      if (use === undefined) return;
      use.amount = amount ?? use.amount;
      use.at = at ?? use.at;
    },
  };
}
