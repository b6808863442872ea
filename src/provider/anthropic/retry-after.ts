/** Nobody is made to wait longer than a day by a header. */
const LONGEST_MS = 24 * 60 * 60 * 1000;

/** The limits whose windows Anthropic reports, as `anthropic-ratelimit-NAME-remaining` and `-reset`. */
const limitNames = ["requests", "tokens", "input-tokens", "output-tokens"];

/**
 * How long the server asks to wait, in whole milliseconds; null when it does not say. Reads `retry-after-ms`,
 * `retry-after` (seconds or an HTTP date), else the latest reset among the rate limits that are used up.
 */
export function retryAfterMs(headers: Headers, nowMs: number): number | null {
  const milliseconds = positive(headers.get("retry-after-ms"));
  if (milliseconds !== null) return bounded(milliseconds);
  const retryAfter = headers.get("retry-after");
  const seconds = positive(retryAfter);
  if (seconds !== null) return bounded(seconds * 1000);
  const date = retryAfter === null ? NaN : Date.parse(retryAfter);
  if (!Number.isNaN(date)) return bounded(date - nowMs);
  const resets = limitNames
    .filter((name) => headers.get(`anthropic-ratelimit-${name}-remaining`) === "0")
    .map((name) => Date.parse(headers.get(`anthropic-ratelimit-${name}-reset`) ?? ""))
    .filter((reset) => !Number.isNaN(reset));
  return resets.length === 0 ? null : bounded(Math.max(...resets) - nowMs);
}

function positive(text: string | null): number | null {
  if (text === null || !/^\s*\d{1,15}(\.\d{1,9})?\s*$/.test(text)) return null;
  return Number(text);
}

function bounded(ms: number): number {
  return Math.ceil(Math.min(Math.max(0, ms), LONGEST_MS));
}
