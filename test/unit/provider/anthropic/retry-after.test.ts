import { expect, it } from "vitest";
import { anthropicRetryAfterMs } from "../../../../src/provider/anthropic/retry-after.ts";

const now = Date.parse("2026-11-22T10:00:00Z");
const day = 24 * 60 * 60 * 1000;

it.each<[string, Record<string, string>, number | null]>([
  ["nothing", {}, null],
  ["seconds", { "retry-after": "7" }, 7000],
  ["parts of a second", { "retry-after": "0.25" }, 250],
  [
    "milliseconds, which are more exact than the seconds beside them",
    { "retry-after-ms": "1500", "retry-after": "2" },
    1500,
  ],
  ["an HTTP date", { "retry-after": "Sun, 22 Nov 2026 10:00:30 GMT" }, 30_000],
  ["a date that has passed", { "retry-after": "Sun, 22 Nov 2026 09:00:00 GMT" }, 0],
  ["nonsense", { "retry-after": "soon" }, null],
  ["far too much", { "retry-after": "99999999999" }, day],
  [
    "the latest reset among the limits that are used up",
    {
      "anthropic-ratelimit-requests-remaining": "0",
      "anthropic-ratelimit-requests-reset": "2026-11-22T10:00:05Z",
      "anthropic-ratelimit-input-tokens-remaining": "0",
      "anthropic-ratelimit-input-tokens-reset": "2026-11-22T10:00:20Z",
      "anthropic-ratelimit-output-tokens-remaining": "500",
      "anthropic-ratelimit-output-tokens-reset": "2026-11-22T10:00:59Z",
    },
    20_000,
  ],
])("reads %s", (_what, headers, expected) => {
  expect(anthropicRetryAfterMs(new Headers(headers), now)).toEqual(expected);
});
