import type { JsonObject } from "../../util/json.ts";

/**
 * The outputs of a run as stdout shows them: a single text as it is, so that it can be piped into a file; anything
 * else as one JSON document; nothing when the workflow has no outputs.
 */
export function outputText(outputs: JsonObject): string {
  const values = Object.values(outputs);
  if (values.length === 0) return "";
  const [only] = values;
  if (values.length === 1 && typeof only === "string") return only.endsWith("\n") ? only : `${only}\n`;
  return `${JSON.stringify(outputs, null, 2)}\n`;
}
