import { dirname, join, relative } from "node:path";
import { createEvaluator } from "../expression/evaluate.ts";
import { noChoice } from "../plan/model-choice.ts";
import { runPolicyTests, type PlanAt } from "../policy/test.ts";
import type { SuiteOutcome } from "../testing/outcome.ts";
import { openPolicy } from "./policy.ts";
import type { Terminal } from "./terminal.ts";
import { compileFile } from "./workflow.ts";

/** Runs the tests of a policy. UsageError with exit code 3 when it is not valid. */
export function policyTests(path: string, terminal: Terminal): SuiteOutcome {
  const policy = openPolicy(path, terminal);
  const planAt: PlanAt = (name) => {
    const file = relative(terminal.cwd, join(dirname(path), name));
    const { plan } = compileFile(file, terminal, noChoice, "frozen");
    return plan === null ? { problem: `${file} is no valid workflow` } : { plan };
  };
  const tests = runPolicyTests(policy, planAt, createEvaluator()).map(({ test, problems }) => ({
    name: test.name,
    line: test.line,
    problems: problems.map((message) => ({ line: test.line, message, diff: [] })),
    durationMs: 0,
  }));
  return { file: relative(terminal.cwd, path) || path, tests, coverage: null };
}
