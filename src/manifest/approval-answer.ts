import { isJsonObject, type Json, type JsonSchema } from "../util/json.ts";
import type { SchemaCheck } from "../util/schema-check.ts";

/** Why a value is not what an approval gives, `{ by, comment, input }`; null when it is. `input` is the schema of what is filled in. */
export function answerMisfit(value: Json, input: JsonSchema | null, check: SchemaCheck): string | null {
  if (!isJsonObject(value)) return "it must be a map with `by`, `comment` and `input`";
  const unknown = Object.keys(value).find((key) => !["by", "comment", "input"].includes(key));
  if (unknown !== undefined) return `it has '${unknown}' beside \`by\`, \`comment\` and \`input\``;
  if (typeof value["by"] !== "string") return "`by` must be a text";
  const { comment = null, input: given = null } = value;
  if (comment !== null && typeof comment !== "string") return "`comment` must be a text or null";
  if (input === null) return given === null ? null : "`input` must be null, since the approval has no `input`";
  const [reason] = check(input, given);
  return reason === undefined ? null : `\`input\`: ${reason}`;
}
