import { describe, expect, it } from "vitest";
import { costOf, priceOf, worstCaseCost } from "../../../../src/plan/price/price.ts";
import { priceTable, priceTableDate } from "../../../../src/plan/price/table.ts";
import type { Usage } from "../../../../src/util/usage.ts";

const million = 1_000_000;

function usage(more: Partial<Usage>): Usage {
  return { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, calls: 1, ...more };
}

describe("the price of a model", () => {
  it("is the manifest's own before the table's", () => {
    const own = { input: 3, output: 9, cacheRead: 0.3, cacheWrite: 3.5 };
    expect(priceOf("anthropic/claude-opus-5-5", own)).toEqual({ ...own, longPrompt: null });
  });

  it("takes cache prices that the manifest leaves out as high as they may be", () => {
    const own = { input: 4, output: 20, cacheRead: null, cacheWrite: null };
    expect(priceOf("anthropic/claude-next", own)).toMatchObject({ cacheRead: 4, cacheWrite: 5 });
    expect(priceOf("openai/local", own)).toMatchObject({ cacheRead: 4, cacheWrite: 4 });
  });

  it("is found for a dated id", () => {
    expect(priceOf("anthropic/claude-sonnet-5-5-20261001", null)).toBe(priceTable.get("anthropic/claude-sonnet-5-5"));
  });

  it.each([
    "anthropic/claude-sonnet-5-6",
    "anthropic/claude-sonnet-5-5-fast",
    "claude-sonnet-5-5",
    "openrouter/claude-sonnet-5-5",
    "anthropic/constructor",
  ])("is unknown for %s, never 0", (id) => expect(priceOf(id, null)).toBeNull());
});

describe("the cost of a call", () => {
  const sonnet = priceOf("anthropic/claude-sonnet-5-5", null)!;
  const haiku = priceOf("anthropic/claude-haiku-5-5", null)!;

  it("adds up what each kind of token costs", () => {
    const all = usage({
      inputTokens: million,
      outputTokens: million,
      cacheReadTokens: million,
      cacheWriteTokens: million,
    });
    expect(costOf(sonnet, all)).toBeCloseTo(2 + 10 + 0.1 + 2.5, 10);
  });

  it("takes the rates of a long prompt for the whole call, cached tokens counted", () => {
    expect(costOf(haiku, usage({ inputTokens: 100_000, outputTokens: 1000 }))).toBeCloseTo(0.01 + 0.0005, 10);
    expect(costOf(haiku, usage({ inputTokens: 1000, cacheReadTokens: 99_001, outputTokens: 1000 }))).toBeCloseTo(
      0.0005 + 0.00495005 + 0.0025,
      10,
    );
  });

  it("is never above the worst case, which has the whole prompt written to the cache", () => {
    expect(worstCaseCost(sonnet, million, 8192)).toBeCloseTo(2.5 + 0.08192, 10);
    expect(worstCaseCost(haiku, 100_001, 0)).toBeCloseTo((100_001 * 0.625) / million, 10);
    const written = usage({ cacheWriteTokens: 100_001, outputTokens: 500 });
    expect(costOf(haiku, written)).toBeLessThanOrEqual(worstCaseCost(haiku, 100_001, 500));
  });
});

it.each([
  ["ollama/qwen4:8b", 0],
  ["ollama/gpt-oss:120b-cloud", undefined],
  ["openai/gpt-6-luna-2026-09-22", 0.1],
  ["openai/gpt-6-luna-mini", undefined],
])("knows of %s that its input costs %s", (id, input) => {
  expect(priceOf(id, null)?.input).toBe(input);
});

it("every price of the table is above 0, cache reads are cheaper than input, and the table has a date", () => {
  expect(priceTableDate).toMatch(/^\d{4}-\d\d-\d\d$/);
  for (const [id, price] of priceTable) {
    for (const rates of [price, price.longPrompt ?? price]) {
      expect(Math.min(rates.input, rates.output, rates.cacheRead, rates.cacheWrite), id).toBeGreaterThan(0);
      expect(rates.cacheRead, id).toBeLessThan(rates.input);
      expect(rates.cacheWrite, id).toBeCloseTo(rates.input * 1.25, 10);
    }
  }
});
