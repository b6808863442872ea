import { boundedWait, retryAfterMs } from "../../network/retry-after.ts";

/**
 * How long the endpoint asks to wait, in whole milliseconds; null when it does not say: `retry-after`, else the latest
 * reset among OpenAI's rate limits that are used up (`x-ratelimit-reset-NAME: 6m0s`).
 */
export function openaiRetryAfterMs(headers: Headers, nowMs: number): number | null {
  const asked = retryAfterMs(headers, nowMs);
  if (asked !== null) return asked;
  const resets = ["requests", "tokens"]
    .filter((name) => headers.get(`x-ratelimit-remaining-${name}`) === "0")
    .map((name) => goDurationMs(headers.get(`x-ratelimit-reset-${name}`) ?? ""))
    .filter((reset) => reset !== null);
  return resets.length === 0 ? null : boundedWait(Math.max(...resets));
}

const unitsMs: { readonly [unit: string]: number } = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** `1h2m3.5s`, `120ms`; null for anything else. */
function goDurationMs(text: string): number | null {
  if (!/^(?:\d{1,9}(?:\.\d{1,9})?(?:h|ms|m|s)){1,4}$/.test(text)) return null;
  const parts = [...text.matchAll(/([\d.]+)(h|ms|m|s)/g)];
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (unitsMs[unit as string] as number), 0);
}
