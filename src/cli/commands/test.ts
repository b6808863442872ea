import { writeFileSync } from "node:fs";
import { outcomeJson, outcomeSuites, type SuiteOutcome } from "../../testing/outcome.ts";
import { junitXml } from "../../util/junit.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { outputFile } from "../output-file.ts";
import { policyFile } from "../project-policy.ts";
import type { Terminal } from "../terminal.ts";
import { testFiles } from "../test-files.ts";
import { coverageText, suiteText } from "../view/test-lines.ts";

export interface TestOptions {
  readonly update?: boolean;
  readonly coverage?: boolean;
  readonly junit?: string;
  readonly watch?: boolean;
  readonly json?: boolean;
}

/**
 * `muster test [path...]`: `*.test.yaml` under the paths (default: `workflows/`, and the tests of the project's policy),
 * without a model. Exit code 3 when one fails or cannot be read.
 */
export async function run(terminal: Terminal, paths: readonly string[], options: TestOptions): Promise<ExitCode> {
  const junit = options.junit === undefined ? null : outputFile("--junit", options.junit, terminal);
  if (options.watch === true) {
    if (options.json === true) throw new UsageError("--watch and --json: take one of them");
    const { watchTests } = await import("../watch-tests.ts");
    return watchTests(terminal, paths, async () => void (await runOnce(terminal, paths, options, junit)));
  }
  return runOnce(terminal, paths, options, junit);
}

async function runOnce(
  terminal: Terminal,
  paths: readonly string[],
  options: TestOptions,
  junit: string | null,
): Promise<ExitCode> {
  const suites: SuiteOutcome[] = [];
  const policy = paths.length === 0 ? policyFile(terminal) : null;
  const files = await testFiles(terminal.cwd, paths);
  if (files.length === 0 && policy === null) {
    const where =
      paths.length === 0 ? "workflows/, and no muster-policy.yaml in the root of the project" : paths.join(", ");
    throw new UsageError(`there is nothing to test: no *.test.yaml under ${where}`);
  }
  const show = (suite: SuiteOutcome): void => {
    suites.push(suite);
    if (options.json !== true) terminal.out(suiteText(suite, terminal.outColor));
  };
  if (policy !== null) show((await import("../policy-tests.ts")).policyTests(policy, terminal));
  let broken = 0;
  const { runTestFile } = await import("../test-run.ts");
  for (const file of files) {
    const suite = await runTestFile(file, options.update === true, terminal);
    if (suite === null) broken += 1;
    else show(suite);
  }
  if (junit !== null) writeFileSync(junit, junitXml(outcomeSuites(suites)));
  if (options.json === true) terminal.out(`${JSON.stringify(outcomeJson(suites), null, 2)}\n`);
  else if (options.coverage === true) {
    for (const { file, coverage } of suites)
      if (coverage !== null) terminal.out(coverageText(file, coverage, terminal.outColor));
  }
  const tests = suites.flatMap((suite) => suite.tests);
  const failed = tests.filter(({ problems }) => problems.length > 0).length;
  const unread = broken === 0 ? "" : `, ${broken} ${broken === 1 ? "file" : "files"} not valid`;
  terminal.err(`${tests.length - failed} passed, ${failed} failed${unread}\n`);
  return failed + broken === 0 ? exitCode.succeeded : exitCode.invalid;
}
