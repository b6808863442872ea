import type { Price, Rates } from "./rates.ts";

/**
 * When the prices below were last looked at. Anthropic's: https://platform.claude.com/docs/en/about-claude/pricing.
 * OpenAI's: the standard tier of https://developers.openai.com/api/docs/pricing, by what others took from it between
 * 2026-09-22 and 2026-11-06 and agree on.
 */
export const priceTableDate = "2026-11-22";

/** Input, output, cache read and 5-minute cache write, in USD per million tokens. */
function rates(input: number, output: number, cacheRead: number, cacheWrite: number): Rates {
  return { input, output, cacheRead, cacheWrite };
}

function flat(input: number, output: number, cacheRead: number, cacheWrite: number): Price {
  return { ...rates(input, output, cacheRead, cacheWrite), longPrompt: null };
}

/** OpenAI: above 272,000 tokens of prompt all of a call costs twice as much, its output one and a half times. */
function doubling(input: number, output: number, cacheRead: number, cacheWrite: number): Price {
  const longPrompt = { aboveTokens: 272_000, ...rates(2 * input, 1.5 * output, 2 * cacheRead, 2 * cacheWrite) };
  return { ...rates(input, output, cacheRead, cacheWrite), longPrompt };
}

/** What runs on one's own machine costs nothing a token. */
export const freePrice: Price = flat(0, 0, 0, 0);

/** Prices by model id, `provider/model`. A model that is not here has no known price. */
export const priceTable: ReadonlyMap<string, Price> = new Map([
  // Above 100,000 tokens of prompt, cached ones included, every token of the call has the second rates.
  [
    "anthropic/claude-haiku-5-5",
    { ...rates(0.1, 0.5, 0.01, 0.125), longPrompt: { aboveTokens: 100_000, ...rates(0.5, 2.5, 0.05, 0.625) } },
  ],
  ["anthropic/claude-sonnet-5-5", flat(2, 10, 0.1, 2.5)],
  ["anthropic/claude-opus-5-5", flat(4, 20, 0.2, 5)],
  ["anthropic/claude-fable-5-1", flat(10, 50, 0.25, 12.5)],
  ["anthropic/claude-fable-5", flat(10, 50, 1, 12.5)],
  ["anthropic/claude-sonnet-5", flat(2, 10, 0.2, 2.5)],
  ["anthropic/claude-opus-5", flat(5, 25, 0.5, 6.25)],
  ["anthropic/claude-opus-4-8", flat(5, 25, 0.5, 6.25)],
  ["anthropic/claude-opus-4-7", flat(5, 25, 0.5, 6.25)],
  ["anthropic/claude-opus-4-6", flat(5, 25, 0.5, 6.25)],
  ["anthropic/claude-opus-4-5", flat(5, 25, 0.5, 6.25)],
  ["anthropic/claude-haiku-4-5", flat(1, 5, 0.1, 1.25)],
  ["openai/gpt-6-astra", doubling(10, 50, 1, 12.5)],
  ["openai/gpt-6.1-sol", doubling(2, 10, 0.1, 2.5)],
  ["openai/gpt-6.1-terra", doubling(1, 5, 0.05, 1.25)],
  ["openai/gpt-6-sol", doubling(2, 10, 0.2, 2.5)],
  ["openai/gpt-6-luna", doubling(0.1, 0.5, 0.01, 0.125)],
]);
