/** Nobody is made to wait longer than a day by a header. */
const LONGEST_MS = 24 * 60 * 60 * 1000;

/**
 * How long the server asks to wait, in whole milliseconds; null when it does not say. Reads `retry-after-ms` and
 * `retry-after` (seconds or an HTTP date).
 */
export function retryAfterMs(headers: Headers, nowMs: number): number | null {
  const milliseconds = positive(headers.get("retry-after-ms"));
  if (milliseconds !== null) return boundedWait(milliseconds);
  const retryAfter = headers.get("retry-after");
  const seconds = positive(retryAfter);
  if (seconds !== null) return boundedWait(seconds * 1000);
  const date = retryAfter === null ? NaN : Date.parse(retryAfter);
  return Number.isNaN(date) ? null : boundedWait(date - nowMs);
}

/** A wait as whole milliseconds between 0 and a day. */
export function boundedWait(ms: number): number {
  return Math.ceil(Math.min(Math.max(0, ms), LONGEST_MS));
}

function positive(text: string | null): number | null {
  if (text === null || !/^\s*\d{1,15}(\.\d{1,9})?\s*$/.test(text)) return null;
  return Number(text);
}
