import { dirname, join, relative } from "node:path";
import { createEvaluator } from "../../expression/evaluate.ts";
import { noChoice } from "../../plan/model-choice.ts";
import { runPolicyTests, type PlanAt } from "../../policy/test.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { openPolicy } from "../policy.ts";
import { policyFile } from "../project-policy.ts";
import type { Terminal } from "../terminal.ts";
import { compileFile } from "../workflow.ts";

/** `muster test`: the tests of the project's policy. Exit code 3 when one fails. */
export async function run(terminal: Terminal): Promise<ExitCode> {
  const path = policyFile(terminal);
  if (path === null) throw new UsageError("there is nothing to test: no muster-policy.yaml in the root of the project");
  const policy = openPolicy(path, terminal);
  const planAt: PlanAt = (name) => {
    const file = relative(terminal.cwd, join(dirname(path), name));
    const { plan } = compileFile(file, terminal, noChoice, "frozen");
    return plan === null ? { problem: `${file} is no valid workflow` } : { plan };
  };
  const results = runPolicyTests(policy, planAt, createEvaluator());
  for (const { test, problems } of results) {
    terminal.out(`${problems.length === 0 ? "ok  " : "fail"}  policy: ${test.name}\n`);
    for (const problem of problems) terminal.out(`        ${problem}\n`);
  }
  const failed = results.filter(({ problems }) => problems.length > 0).length;
  terminal.err(`${results.length - failed} passed, ${failed} failed\n`);
  return failed === 0 ? exitCode.succeeded : exitCode.invalid;
}
