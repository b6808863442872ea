import { expect, it } from "vitest";
import { noSpend, plusSpend, roundUsd } from "../../../src/run/spend.ts";
import { noUsage, type Usage } from "../../../src/util/usage.ts";

const one: Usage = { inputTokens: 1, outputTokens: 2, cacheReadTokens: 3, cacheWriteTokens: 4, calls: 1 };

it("sums tokens of every kind, calls and dollars", () => {
  const sum = [
    { usage: one, costUsd: 0.1 },
    { usage: null, costUsd: null },
    { usage: one, costUsd: 0.2 },
  ].reduce(plusSpend, noSpend);
  expect(sum.usage).toEqual({ inputTokens: 2, outputTokens: 4, cacheReadTokens: 6, cacheWriteTokens: 8, calls: 2 });
  expect(roundUsd(sum.costUsd ?? 0)).toBe(0.3);
});

it("never guesses: one call without a price makes the sum unknown, for good", () => {
  const unknown = plusSpend(plusSpend(noSpend, { usage: one, costUsd: null }), { usage: one, costUsd: 0.2 });
  expect(unknown).toMatchObject({ usage: { calls: 2 }, costUsd: null });
});

it("a use without a call costs nothing", () => {
  expect(plusSpend(noSpend, { usage: noUsage, costUsd: null })).toEqual(noSpend);
});

it.each([
  [0.1 + 0.2, 0.3],
  [0.000_000_123_456, 0.000_000_123_5],
  [1e-11, 0],
  [0, 0],
])("%d is $%d", (usd, rounded) => {
  expect(roundUsd(usd)).toBe(rounded);
});
