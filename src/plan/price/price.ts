import { SEARCH_USD } from "../search.ts";
import type { Usage } from "../../util/usage.ts";
import type { PlannedModel } from "../types.ts";
import type { Price, Rates } from "./rates.ts";
import { freePrice, priceTable } from "./table.ts";

/** A cache write of Anthropic costs so many times the input (5-minute cache). */
const ANTHROPIC_CACHE_WRITE = 1.25;
const TOKENS_A_PRICE = 1_000_000;

/**
 * The price of a model id (`provider/model`): the manifest's own, else the table's; null when it is not known, never 0.
 * Exact matches only, but that a dated id (`...-20261001`, `...-2026-10-01`) is the model without its date, and that
 * Ollama is free of charge, but for what it sends to its cloud. Where the manifest gives no cache prices they are taken
 * as high as they may be.
 */
export function priceOf(modelId: string, ownPrice: PlannedModel["price"]): Price | null {
  if (ownPrice === null) return listedPrice(modelId);
  const { input, output, cacheRead, cacheWrite } = ownPrice;
  const dearestWrite = modelId.startsWith("anthropic/") ? input * ANTHROPIC_CACHE_WRITE : input;
  return { input, output, cacheRead: cacheRead ?? input, cacheWrite: cacheWrite ?? dearestWrite, longPrompt: null };
}

function listedPrice(modelId: string): Price | null {
  if (modelId.startsWith("ollama/")) return modelId.endsWith("cloud") ? null : freePrice;
  return priceTable.get(modelId) ?? priceTable.get(modelId.replace(/-(?:\d{8}|\d{4}-\d\d-\d\d)$/, "")) ?? null;
}

/** What the batch API costs of the usual price, all kinds of tokens: platform.claude.com/docs/en/build-with-claude/batch-processing, 2026-11. */
const BATCH_SHARE = 0.5;

/** The price of calls of a model, through its batch endpoint or not; null when it is not known. */
export function callPriceOf({ id, price: own }: PlannedModel, isBatch: boolean): Price | null {
  const price = priceOf(id, own);
  if (price === null || !isBatch) return price;
  const halved = (rates: Rates): Rates => ({
    input: rates.input * BATCH_SHARE,
    output: rates.output * BATCH_SHARE,
    cacheRead: rates.cacheRead * BATCH_SHARE,
    cacheWrite: rates.cacheWrite * BATCH_SHARE,
  });
  const { longPrompt } = price;
  return { ...halved(price), longPrompt: longPrompt === null ? null : { ...longPrompt, ...halved(longPrompt) } };
}

/** What one call cost, in USD. `usage` is of a single call: the rates may depend on the length of its prompt. */
export function costOf(price: Price, usage: Usage): number {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = usage;
  const rates = ratesFor(price, inputTokens + cacheReadTokens + cacheWriteTokens);
  const perMillion =
    inputTokens * rates.input +
    outputTokens * rates.output +
    cacheReadTokens * rates.cacheRead +
    cacheWriteTokens * rates.cacheWrite;
  return perMillion / TOKENS_A_PRICE + (usage.searches ?? 0) * SEARCH_USD;
}

/** The most that one call can cost, in USD: the whole prompt written to the cache, the whole reply used. */
export function worstCaseCost(price: Price, inputTokensUpperBound: number, maxTokens: number): number {
  const rates = ratesFor(price, inputTokensUpperBound);
  const dearestInput = Math.max(rates.input, rates.cacheWrite);
  return (inputTokensUpperBound * dearestInput + maxTokens * rates.output) / TOKENS_A_PRICE;
}

function ratesFor(price: Price, promptTokens: number): Rates {
  return price.longPrompt !== null && promptTokens > price.longPrompt.aboveTokens ? price.longPrompt : price;
}
