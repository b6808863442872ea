import { readJson, type Json, type JsonSchema } from "../util/json.ts";
import { err, type Result } from "../util/result.ts";
import type { SchemaCheck } from "../util/schema-check.ts";

/** Reads a reply as the value that was asked for; the error lists what is wrong, for the model and for people. */
export function typedReply(text: string, schema: JsonSchema, check: SchemaCheck): Result<Json, readonly string[]> {
  const value = readJson(withoutFence(text));
  if (!value.ok) return err([`the reply is not JSON: ${value.error}`]);
  const problems = check(schema, value.value);
  return problems.length === 0 ? value : err(problems);
}

/** Models like to wrap JSON into a Markdown code fence, whatever they were told. */
function withoutFence(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.startsWith("```") || !trimmed.endsWith("```")) return trimmed;
  const firstLineEnd = trimmed.indexOf("\n");
  return firstLineEnd < 0 ? trimmed : trimmed.slice(firstLineEnd + 1, -3).trim();
}

/** What the model is told in the one repair turn. */
export function repairPrompt(problems: readonly string[]): string {
  const list = problems.map((problem) => `- ${problem}`).join("\n");
  return `Your reply does not fit the required JSON Schema:\n${list}\n\nAnswer again with only the corrected JSON value.`;
}
