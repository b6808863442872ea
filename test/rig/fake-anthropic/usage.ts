import { blocksOf, textOf, type WireRequest } from "./wire.ts";

export interface WireUsage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly cache_read_input_tokens: number;
}

/** Four bytes a token, rounded up: deterministic, and an empty text has none. */
export function tokensOf(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}

/** All tokens of a prompt, cached or not. */
export function inputTokens(request: WireRequest): number {
  return cached(request)
    .concat(uncached(request))
    .reduce((sum, text) => sum + tokensOf(text), 0);
}

/**
 * The usage of a request whose reply is `output`. System blocks marked for the cache are written the first time and
 * read afterwards; `cache` remembers them. (The real API caches only long prompts; the fake caches any.)
 */
export function usageOf(request: WireRequest, output: string, cache: Set<string>): WireUsage {
  let written = 0;
  let read = 0;
  for (const text of cached(request)) {
    const key = `${request.model}\n${text}`;
    if (cache.has(key)) read += tokensOf(text);
    else written += tokensOf(text);
    cache.add(key);
  }
  return {
    input_tokens: uncached(request).reduce((sum, text) => sum + tokensOf(text), 0),
    output_tokens: tokensOf(output),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
  };
}

function cached(request: WireRequest): string[] {
  const system = blocksOf(request.system)
    .filter((block) => block.cache_control !== undefined)
    .map((block) => block.text ?? "");
  // All up to the last mark of the conversation, each message as a piece of its own.
  return [...system, ...request.messages.slice(0, markedTo(request)).map((message) => JSON.stringify(bare(message)))];
}

/** How many messages there are up to the last that is marked for the cache. */
function markedTo({ messages }: WireRequest): number {
  return messages.findLastIndex(({ content }) => blocksOf(content).some((block) => block.cache_control)) + 1;
}

/** A message without its mark: that says nothing about what is in the cache. */
function bare({ role, content }: WireRequest["messages"][number]): unknown {
  return { role, content: blocksOf(content).map(({ cache_control: _mark, ...block }) => block) };
}

function uncached(request: WireRequest): string[] {
  const system = blocksOf(request.system)
    .filter((block) => block.cache_control === undefined)
    .map((block) => block.text ?? "");
  return [...system, ...request.messages.slice(markedTo(request)).map((message) => textOf(message.content))];
}
