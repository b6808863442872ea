import type { JsonSchema } from "../../util/json.ts";
import { structuredOutput, type SchemaSubset, type StructuredOutput } from "../structured-output.ts";

/** Source: platform.claude.com/docs/en/build-with-claude/structured-outputs, 2026-11. */
const subset: SchemaSubset = {
  formats: new Set(["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"]),
  valueLimits: new Set(),
  mostMinItems: 1,
  mostOptionalProperties: 24,
  mostUnions: 16,
  // Not a documented number.
  deepest: 32,
  recursion: false,
  words: new Set(["title", "description", "default"]),
};

/** The part of a schema that Anthropic's structured outputs can express; null when its shape is outside of it. */
export function anthropicOutput(schema: JsonSchema): StructuredOutput | null {
  return structuredOutput(schema, subset);
}
