import type { ModelRequest } from "../provider/provider.ts";
import { canonicalJson } from "../util/canonical-json.ts";

/** What a request adds to its texts: roles, field names, the frame of a structured output. Generous, in tokens. */
const FRAME_TOKENS = 512;

/**
 * The most tokens that the input of a call can have: no token is less than a byte of UTF-8. The schema counts twice,
 * since a provider may be told it in its own field and in the prompt.
 */
export function inputBound({ system, messages, outputSchema }: ModelRequest): number {
  let bytes = FRAME_TOKENS + Buffer.byteLength(system ?? "");
  for (const { text } of messages) bytes += Buffer.byteLength(text);
  return bytes + (outputSchema === null ? 0 : 2 * Buffer.byteLength(canonicalJson(outputSchema)));
}
