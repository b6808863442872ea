import { CLOCK_SLACK_MS, LONGEST_WINDOW_MS, waitFor, type RateStore } from "../../run/rate-use.ts";

/** Uses of limits in time, in memory. */
export function memoryRates(): RateStore {
  let uses: { readonly id: number; readonly name: string; readonly at: number; amount: number }[] = [];
  let lastId = 0;
  return {
    take(wanted, now) {
      for (const use of wanted) {
        const waitMs = waitFor(
          uses.filter(({ name, at }) => name === use.name && at <= now + CLOCK_SLACK_MS),
          use,
          now,
        );
        if (waitMs > 0) return { ok: false, waitMs, name: use.name };
      }
      uses = uses.filter(({ at }) => at > now - LONGEST_WINDOW_MS);
      const ids = wanted.map(({ name, amount }) => {
        lastId += 1;
        uses.push({ id: lastId, name, at: now, amount });
        return lastId;
      });
      return { ok: true, ids };
    },
    correct(id, amount) {
      const use = uses.find((one) => one.id === id);
      if (use !== undefined) use.amount = amount;
    },
  };
}
