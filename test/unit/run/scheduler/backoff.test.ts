import { expect, test } from "vitest";
import { backoffMs } from "../../../../src/run/scheduler/backoff.ts";
import type { RetryRule } from "../../../../src/run/scheduler/graph.ts";

const rule: RetryRule = {
  maxAttempts: 9,
  backoff: "exponential",
  delayMs: 1000,
  maxDelayMs: 60_000,
  jitter: false,
  on: new Set(),
};

test("exponential: delay x 2^(n-1), up to the maximum; fixed: always the same", () => {
  expect([1, 2, 3, 6, 7, 5000].map((n) => backoffMs(rule, n, "", null))).toEqual([
    1000, 2000, 4000, 32_000, 60_000, 60_000,
  ]);
  expect([1, 2, 9].map((n) => backoffMs({ ...rule, backoff: "fixed" }, n, "", null))).toEqual([1000, 1000, 1000]);
});

test("jitter spreads by a tenth either way, by the attempt's name: repeatable", () => {
  const delays = Array.from({ length: 1000 }, (_, i) => backoffMs({ ...rule, jitter: true }, 1, `0/${i}`, null));
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(900);
  expect(Math.max(...delays)).toBeLessThanOrEqual(1100);
  expect(new Set(delays).size).toBeGreaterThan(150);
  expect(backoffMs({ ...rule, jitter: true }, 1, "0/7", null)).toBe(delays[7]);
});

test("`retry-after` is a floor, also above the maximum", () => {
  expect(backoffMs(rule, 1, "", 90_000)).toBe(90_000);
  expect(backoffMs(rule, 3, "", 10)).toBe(4000);
});
