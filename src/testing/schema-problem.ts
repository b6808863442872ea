import { createSchemaCheck } from "../util/schema-check.ts";
import type { JsonSchema } from "../util/json.ts";

/** Why this cannot be used as a JSON Schema; null when it can. */
export function schemaProblem(schema: JsonSchema): string | null {
  try {
    createSchemaCheck()(schema, null);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
