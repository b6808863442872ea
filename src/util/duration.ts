/** Units in milliseconds, the largest first: the order in which a duration is written. */
const unitsMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

const pattern = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** A hundred years: longer durations are mistakes, and all sums stay exact. */
const LONGEST_MS = 36_525 * unitsMs.d;

/**
 * The milliseconds of a duration such as `500ms`, `90s`, `1h30m` or `7d`: whole numbers, each unit at most once, the
 * larger first. null when the text is none, or when it is longer than a hundred years.
 */
export function parseDuration(text: string): number | null {
  const match = pattern.exec(text);
  if (!match || text === "") return null;
  const ms = Object.values(unitsMs).reduce((sum, unitMs, index) => sum + Number(match[index + 1] ?? 0) * unitMs, 0);
  return ms <= LONGEST_MS ? ms : null;
}

/**
 * A text that `parseDuration` reads back: `5400000` is `1h30m`, `0` is `0s`; a broken number of seconds below a minute
 * is `1500ms`, as people write it. Whole milliseconds only.
 */
export function formatDuration(ms: number): string {
  if (ms < unitsMs.m && ms % unitsMs.s !== 0) return `${ms}ms`;
  let restMs = ms;
  let text = "";
  for (const [unit, unitMs] of Object.entries(unitsMs)) {
    const count = Math.floor(restMs / unitMs);
    if (count > 0) text += `${count}${unit}`;
    restMs -= count * unitMs;
  }
  return text || "0s";
}
