import { boundedWait, retryAfterMs } from "../../network/retry-after.ts";

/** The limits whose windows Anthropic reports, as `anthropic-ratelimit-NAME-remaining` and `-reset`. */
const limitNames = ["requests", "tokens", "input-tokens", "output-tokens"];

/**
 * How long Anthropic asks to wait, in whole milliseconds; null when it does not say: `retry-after`, else the latest
 * reset among the rate limits that are used up.
 */
export function anthropicRetryAfterMs(headers: Headers, nowMs: number): number | null {
  const asked = retryAfterMs(headers, nowMs);
  if (asked !== null) return asked;
  const resets = limitNames
    .filter((name) => headers.get(`anthropic-ratelimit-${name}-remaining`) === "0")
    .map((name) => Date.parse(headers.get(`anthropic-ratelimit-${name}-reset`) ?? ""))
    .filter((reset) => !Number.isNaN(reset));
  return resets.length === 0 ? null : boundedWait(Math.max(...resets) - nowMs);
}
