import type { Rate } from "../util/rate.ts";

/** Something that is about to be done, and that is limited in time. */
export interface RateUse {
  /** What is counted together: `spawns`, `requests:anthropic`. */
  readonly name: string;
  readonly amount: number;
  /** All of them must hold; an amount that is larger than a limit counts as the whole of it. */
  readonly limits: readonly Rate[];
}

/** `waitMs`: nothing changes before, unless another use is corrected. */
export type RateTaken =
  | { readonly ok: true; readonly ids: readonly number[] }
  | { readonly ok: false; readonly waitMs: number; readonly name: string };

/** What was used of limits in time, over all runs of a project. Each call is atomic over all processes. */
export interface RateStore {
  /**
   * Takes all of these uses, or none. Within any span of a limit's length, never more than its count is taken.
   * `now`: milliseconds since 1970, by the clock of this machine; `at`: from when the uses count, within the slack ahead.
   */
  take(uses: readonly RateUse[], now: number, at: number): RateTaken;
  /** What a use really came to, and when; what is left out stays. One that is over already is no error. */
  correct(id: number, really: { readonly amount?: number; readonly at?: number }): void;
}

/** No limit is longer: older uses are forgotten. */
export const LONGEST_WINDOW_MS = 86_400_000;

/** How far into the future a use may lie: farther, and the clock was set back since. */
export const CLOCK_SLACK_MS = 60_000;

/** A use that was taken. */
export interface PastUse {
  readonly at: number;
  readonly amount: number;
}

/** How long a use has to wait, given those before it in order of time; 0 = not at all. */
export function waitFor(past: readonly PastUse[], { amount, limits }: RateUse, now: number): number {
  let waitMs = 0;
  for (const { count, windowMs } of limits) {
    const within = past.filter(({ at }) => at > now - windowMs);
    let over = within.reduce((sum, use) => sum + Math.min(use.amount, count), 0) + Math.min(amount, count) - count;
    for (const use of within) {
      if (over <= 0) break;
      over -= Math.min(use.amount, count);
      // A clock that was set back makes nobody wait longer than the window.
      waitMs = Math.max(waitMs, Math.min(windowMs, use.at + windowMs - now));
    }
  }
  return waitMs;
}
