import type { Message, ModelRequest } from "../provider/provider.ts";
import { canonicalJson } from "../util/canonical-json.ts";
import type { Json } from "../util/json.ts";

/** What a request adds to its texts: roles, field names, the frame of a structured output. Generous, in tokens. */
const FRAME_TOKENS = 512;

/** What a provider tells the model about tools by itself, in tokens: Anthropic names 313 to 346 for its models. Generous. */
const TOOLS_TOKENS = 1024;

/** Bytes of a message, with the names around its calls and results. */
export function bytesOfMessage({ role: _role, text, ...blocks }: Message): number {
  const bytes = Buffer.byteLength(text);
  return Object.keys(blocks).length === 0 ? bytes : bytes + Buffer.byteLength(canonicalJson(blocks as unknown as Json));
}

/**
 * The most tokens that the input of a call can have: no token is less than a byte of UTF-8. The schema counts twice,
 * since a provider may be told it in its own field and in the prompt.
 */
export function inputBound({ system, messages, outputSchema, tools }: ModelRequest): number {
  let bytes = FRAME_TOKENS + Buffer.byteLength(system ?? "");
  for (const message of messages) bytes += bytesOfMessage(message);
  if (tools !== undefined) bytes += TOOLS_TOKENS + Buffer.byteLength(canonicalJson(tools as unknown as Json));
  return bytes + (outputSchema === null ? 0 : 2 * Buffer.byteLength(canonicalJson(outputSchema)));
}
