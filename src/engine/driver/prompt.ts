import type { ModelRequest } from "../../provider/provider.ts";
import { withSchemaInPrompt } from "../../provider/schema-prompt.ts";

/**
 * A request as one text, for a program that keeps no conversation: the instructions, the task, for a typed answer its
 * schema; in the repair turn what was answered before, and what was wrong with it.
 */
export function promptOf({ system, messages, outputSchema }: ModelRequest): string {
  const asked = outputSchema === null ? messages : withSchemaInPrompt(messages, outputSchema);
  const turns = asked.map(({ role, text }) => (role === "assistant" ? `Your answer was:\n\n${text}` : text));
  return [...(system === null ? [] : [system]), ...turns].join("\n\n");
}

/** What is new in a request for who has the conversation before it. */
export function lastPromptOf({ messages, outputSchema }: ModelRequest): string {
  const asked = outputSchema === null ? messages : withSchemaInPrompt(messages, outputSchema);
  return asked.at(-1)?.text ?? "";
}
