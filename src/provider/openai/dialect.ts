import type { APIError } from "openai";

/** How an endpoint wants its requests. OpenAI's own API is known; of any other the usual is tried, and learnt from. */
export interface Dialect {
  /** What the limit of the reply is called. */
  readonly maxTokens: "max_completion_tokens" | "max_tokens";
  /** `stream_options` is taken, so usage comes with the stream. */
  readonly streamOptions: boolean;
  /** `response_format` with a JSON Schema is taken. */
  readonly responseFormat: boolean;
  /**
   * A schema is told in the prompt too. Many endpoints pass over a `response_format` without a word, and one that keeps
   * to it by a grammar does not show it to the model.
   */
  readonly tellsSchema: boolean;
}

/** OpenAI itself, in any region. */
export function isOpenai(host: string): boolean {
  return /^(?:[a-z]{2}\.)?api\.openai\.com$/.test(host);
}

/** What is tried first with an endpoint. */
export function dialectOf(host: string): Dialect {
  return isOpenai(host)
    ? { maxTokens: "max_completion_tokens", streamOptions: true, responseFormat: true, tellsSchema: false }
    : { maxTokens: "max_tokens", streamOptions: true, responseFormat: true, tellsSchema: true };
}

/**
 * The dialect without what was just refused; null when the refusal is of something else. Each step leads further from
 * the first dialect, so there are at most three.
 */
export function withoutRefused(dialect: Dialect, refusal: APIError): Dialect | null {
  if (refusal.status !== 400 && refusal.status !== 422) return null;
  const named = `${refusal.param ?? ""} ${refusal.message}`;
  if (dialect.responseFormat && /response_format|json_schema|structured output|guided (?:json|decoding)/i.test(named)) {
    return { ...dialect, responseFormat: false };
  }
  if (dialect.streamOptions && /stream_options|include_usage/.test(named)) return { ...dialect, streamOptions: false };
  if (dialect.maxTokens === "max_tokens" && named.includes("max_completion_tokens")) {
    return { ...dialect, maxTokens: "max_completion_tokens" };
  }
  return null;
}
