import type { JsonSchema } from "../../util/json.ts";
import { structuredOutput, type SchemaSubset, type StructuredOutput } from "../structured-output.ts";

/** Source: developers.openai.com/api/docs/guides/structured-outputs ("Supported schemas"), 2026-11. */
const subset: SchemaSubset = {
  formats: new Set(["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"]),
  // `pattern` would be taken too, but in a dialect of regular expressions that is not JSON Schema's.
  valueLimits: new Set(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "maxItems"]),
  mostMinItems: Infinity,
  // Every property must be required. A nullable one in its place would allow values that the schema does not.
  mostOptionalProperties: 0,
  mostUnions: Infinity,
  deepest: 10,
  recursion: true,
  words: new Set(["title", "description"]),
};

/** The part of a schema that a strict `response_format` can express; null when its shape is outside of it. */
export function openaiOutput(schema: JsonSchema): StructuredOutput | null {
  return structuredOutput(schema, subset);
}
