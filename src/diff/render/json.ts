import { diagnosticToJson } from "../../diagnostic/json.ts";
import type { WorkflowDiff } from "../change.ts";
import type { Findings } from "../findings.ts";
import type { Json, JsonObject } from "../../util/json.ts";

/**
 * The changes as a JSON document, version 1, ending in a line feed: `{ version, base, head, workflows, invalid,
 * invalid_before, policy, fail_on }`; `workflows` is without those that mean the same, and without those that are not
 * valid: they are in `invalid`. Where nothing was said before or is said now, `before` or `after` is left out.
 * History: 1 = the first.
 */
export function renderDiffJson(
  diffs: readonly WorkflowDiff[],
  { invalid, invalidBefore, policy, failOn }: Findings,
  [base, head]: readonly [base: string, head: string | null],
): string {
  const workflows = diffs.filter(({ status }) => status !== "equal").map((diff) => snake(diff as unknown as Json));
  const found = {
    invalid: invalid.map(({ path, problems }) => ({ path, diagnostics: problems.map(diagnosticToJson) })),
    invalid_before: invalidBefore,
    policy,
    fail_on: failOn,
  };
  return `${JSON.stringify({ version: 1, base, head, workflows, ...found }, null, 2)}\n`;
}

/** Names of our own in the spelling of all JSON that we write; what people wrote stays as it is. */
function snake(value: Json): Json {
  if (Array.isArray(value)) return value.map((entry) => snake(entry as Json));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([name, entry]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      name === "before" || name === "after" || name === "value" ? entry : snake(entry),
    ]),
  );
}
