import { CLOCK_SLACK_MS, LONGEST_WINDOW_MS, waitFor, type PastUse, type RateStore } from "../../run/rate-use.ts";
import type { Connection } from "./connection.ts";

/** Uses of limits in time. Without checksums: a row in doubt makes somebody wait a moment longer, or shorter. */
export function rateTable({ sql, write }: Connection): { readonly rates: RateStore } {
  return {
    rates: {
      take: (uses, now, at) =>
        write(() => {
          for (const use of uses) {
            const longest = Math.max(0, ...use.limits.map(({ windowMs }) => windowMs));
            const past = sql(
              "SELECT at, amount FROM rate_use WHERE name = ? AND at > ? AND at <= ? ORDER BY at, id",
            ).all(use.name, now - longest, now + CLOCK_SLACK_MS) as unknown as readonly PastUse[];
            const waitMs = waitFor(past, use, now);
            if (waitMs > 0) return { ok: false, waitMs, name: use.name };
          }
          const ids = uses.map(({ name, amount }) => {
            sql("DELETE FROM rate_use WHERE name = ? AND (at <= ? OR at > ?)").run(
              name,
              now - LONGEST_WINDOW_MS,
              now + CLOCK_SLACK_MS,
            );
            const added = sql("INSERT INTO rate_use (name, at, amount) VALUES (?, ?, ?)").run(name, at, amount);
            return Number(added.lastInsertRowid);
          });
          return { ok: true, ids };
        }),
      correct: (id, { amount = null, at = null }) =>
        write(() => {
          sql("UPDATE rate_use SET amount = coalesce(?, amount), at = coalesce(?, at) WHERE id = ?").run(
            amount,
            at,
            id,
          );
        }),
    },
  };
}
