import { err, ok, type Result } from "../util/result.ts";
import type { WorkflowDiff } from "./change.ts";
import { percentOf, shiftText } from "./render/words.ts";

/** What a change must not do: `widened`, `models`, `secrets`, `flows`, or a cost ceiling that grew by so many percent or dollars. */
export type FailOn =
  | { readonly kind: "widened" | "models" | "secrets" | "flows" | "any" }
  | { readonly kind: "cost"; readonly percent: number | null; readonly usd: number | null };

const kinds = ["widened", "models", "secrets", "flows", "any"] as const;

/** Reads `widened,cost:+20%,models`. The error is a sentence. */
export function parseFailOn(text: string): Result<readonly FailOn[], string> {
  const rules: FailOn[] = [];
  for (const word of text.split(",").map((each) => each.trim())) {
    const kind = kinds.find((each) => each === word);
    const [, percent, usd] = /^cost:\+(?:(\d+(?:\.\d+)?)%|\$?(\d+(?:\.\d+)?))$/.exec(word) ?? [];
    if (kind !== undefined) rules.push({ kind });
    else if (percent !== undefined) rules.push({ kind: "cost", percent: Number(percent), usd: null });
    else if (usd !== undefined) rules.push({ kind: "cost", percent: null, usd: Number(usd) });
    else return err(`'${word}' is none of ${kinds.join(", ")}, cost:+20% and cost:+1.50`);
  }
  return ok(rules);
}

/** Why a change is not let through, a sentence each; empty = it is. A workflow that is new widens nothing that was there. */
export function brokenRules(diff: WorkflowDiff, rules: readonly FailOn[]): readonly string[] {
  if (diff.status === "equal") return [];
  const say = (why: string): string => `${diff.path}: ${why}`;
  return rules.flatMap((rule) => {
    switch (rule.kind) {
      case "any":
        return [say("its meaning changed")];
      case "widened":
        return diff.status === "changed" ? diff.widened.map((shift) => say(`widened: ${shiftText(shift)}`)) : [];
      case "models":
        return diff.modelsAdded.map((model) => say(`new model ${model}`));
      case "secrets":
        return diff.secretsAdded.map(({ secret, owner }) => say(`secret ${secret} is newly in reach of ${owner}`));
      case "flows":
        return diff.flowsAdded.map(say);
      case "cost":
        return costBroken(diff, rule).map(say);
    }
  });
}

function costBroken({ cost }: WorkflowDiff, { percent, usd }: Extract<FailOn, { kind: "cost" }>): readonly string[] {
  const { before, after } = cost;
  if (after === null) return cost.callsAfter !== null && cost.callsAfter.ceiling > 0 ? ["its cost is not known"] : [];
  const wasCeiling = before?.ceiling ?? 0;
  const grown = after.ceiling - wasCeiling;
  if (grown <= 0) return [];
  const share = percentOf(before ?? { floor: 0, ceiling: 0 }, after) ?? Number.POSITIVE_INFINITY;
  if (percent !== null && share > percent)
    return [
      `the cost ceiling grew by ${Number.isFinite(share) ? `${share.toFixed(0)}%` : "more than can be said in percent"}, over ${percent}%`,
    ];
  return usd !== null && grown > usd ? [`the cost ceiling grew by $${grown.toFixed(2)}, over $${usd.toFixed(2)}`] : [];
}
