import { canonicalJson } from "../util/canonical-json.ts";
import type { JsonSchema } from "../util/json.ts";
import type { Message } from "./provider.ts";

/** Asks in words for a reply that fits a schema: for what a provider cannot enforce by itself. */
export function withSchemaInPrompt(messages: readonly Message[], schema: JsonSchema): readonly Message[] {
  // Results of tools stand alone; and what stays in its place is found in the provider's cache.
  const index = messages.some(({ toolResults }) => toolResults !== undefined) ? 0 : messages.length - 1;
  const last = messages[index];
  if (last === undefined) return messages;
  const text = `${last.text}\n\nAnswer with exactly one JSON value that is valid under this JSON Schema. Write nothing before or after it, and no code fence.\n${canonicalJson(schema)}`;
  return messages.with(index, { ...last, text });
}
