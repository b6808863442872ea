import type { Evaluator } from "../expression/evaluate.ts";
import { asText, isJsonObject, type Json } from "../util/json.ts";
import type { Policy, PolicyFacts, PolicyRule, Violation } from "./policy.ts";

/**
 * The rules of a policy that a workflow does not keep, in the order of the file. A rule that cannot be evaluated is not
 * kept: a guard that is broken must not let through.
 */
export function violationsOf(policy: Policy, facts: PolicyFacts, evaluator: Evaluator): readonly Violation[] {
  return policy.rules.flatMap((rule) => {
    if (rule.isAboutChange && facts["change"] === null) return [];
    if (rule.each === null) return judge(rule, facts, null, evaluator);
    const list = evaluator.evaluate(rule.each, facts);
    if (!list.ok) return [broken(rule, `\`for_each\`: ${list.error.message}`)];
    if (!Array.isArray(list.value)) return [broken(rule, "`for_each` gives no list")];
    return list.value.flatMap((item: Json) => judge(rule, { ...facts, item }, item, evaluator));
  });
}

function judge(rule: PolicyRule, facts: PolicyFacts, item: Json, evaluator: Evaluator): readonly Violation[] {
  const kept = evaluator.evaluate(rule.require, facts);
  if (!kept.ok) return [{ ...broken(rule, `\`require\`: ${kept.error.message}`), step: stepOf(item) }];
  if (kept.value === true) return [];
  if (kept.value !== false) return [{ ...broken(rule, "`require` is neither true nor false"), step: stepOf(item) }];
  const message = evaluator.evaluate(rule.message, facts);
  const text = message.ok ? asText(message.value) : `${rule.name} is not kept`;
  return [{ rule: rule.name, severity: rule.severity, message: text.trim(), step: stepOf(item) }];
}

function broken(rule: PolicyRule, why: string): Violation {
  return {
    rule: rule.name,
    severity: "error",
    message: `the rule could not be evaluated, so it counts as broken: ${why}`,
    step: null,
  };
}

/** An item that has a path is a step. */
function stepOf(item: Json): string | null {
  return isJsonObject(item) && typeof item["path"] === "string" && typeof item["kind"] === "string"
    ? item["path"]
    : null;
}
