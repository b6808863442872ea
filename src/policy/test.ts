import { diffPlans } from "../diff/diff.ts";
import type { Evaluator } from "../expression/evaluate.ts";
import type { Plan } from "../plan/types.ts";
import { violationsOf } from "./evaluate.ts";
import { policyFacts } from "./facts.ts";
import type { Policy, PolicyTest } from "./policy.ts";

/** What came of a test of a policy; `problems` is empty when it passed. */
export interface PolicyTestResult {
  readonly test: PolicyTest;
  readonly problems: readonly string[];
}

/** The plan of a manifest that a test names, relative to the policy. The error is a sentence. */
export type PlanAt = (path: string) => { readonly plan: Plan } | { readonly problem: string };

/** Runs the tests of a policy: each names the rules that a workflow breaks, and all others must hold. */
export function runPolicyTests(policy: Policy, planAt: PlanAt, evaluator: Evaluator): readonly PolicyTestResult[] {
  return policy.tests.map((test) => ({ test, problems: problemsOf(policy, test, planAt, evaluator) }));
}

function problemsOf(policy: Policy, test: PolicyTest, planAt: PlanAt, evaluator: Evaluator): readonly string[] {
  const after = planAt(test.workflow);
  if ("problem" in after) return [after.problem];
  const before = test.before === null ? null : planAt(test.before);
  if (before !== null && "problem" in before) return [before.problem];
  const change = before === null ? null : diffPlans(test.workflow, before.plan, after.plan);
  const violations = violationsOf(policy, policyFacts(after.plan, change), evaluator);
  const broken = new Set(violations.map(({ rule }) => rule));
  return [
    ...test.breaks.flatMap((rule) => (broken.has(rule) ? [] : [`'${rule}' should be broken, and holds`])),
    ...violations.flatMap(({ rule, message }) =>
      test.breaks.includes(rule) ? [] : [`'${rule}' should hold, and is broken: ${message}`],
    ),
  ];
}
