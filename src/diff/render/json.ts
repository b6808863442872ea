import type { WorkflowDiff } from "../change.ts";
import type { Json, JsonObject } from "../../util/json.ts";

/**
 * The changes as a JSON document, version 1, ending in a line feed: `{ version, base, head, workflows }`, without those
 * that mean the same. Where nothing was said before or is said now, `before` or `after` is left out.
 * History: 1 = the first.
 */
export function renderDiffJson(diffs: readonly WorkflowDiff[], base: string, head: string | null): string {
  const workflows = diffs.filter(({ status }) => status !== "equal").map((diff) => snake(diff as unknown as Json));
  return `${JSON.stringify({ version: 1, base, head, workflows }, null, 2)}\n`;
}

/** Names of our own in the spelling of all JSON that we write; what people wrote stays as it is. */
function snake(value: Json): Json {
  if (Array.isArray(value)) return value.map((entry) => snake(entry as Json));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([name, entry]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      name === "before" || name === "after" ? entry : snake(entry),
    ]),
  );
}
