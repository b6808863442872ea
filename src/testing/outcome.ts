import type { JunitSuite } from "../util/junit.ts";
import type { JsonObject } from "../util/json.ts";
import type { Coverage } from "./coverage.ts";
import type { Judged } from "./judge.ts";

/** What came of the tests of one file. */
export interface SuiteOutcome {
  /** As the user knows it. */
  readonly file: string;
  readonly tests: readonly TestOutcome[];
  /** Of a workflow's tests; null for a policy. */
  readonly coverage: Coverage | null;
}

export interface TestOutcome {
  readonly name: string;
  readonly line: number;
  /** Empty = passed. */
  readonly problems: readonly Judged[];
  readonly durationMs: number;
}

/** The outcome as `muster test --json` prints it. History: 1 = the first. */
export function outcomeJson(suites: readonly SuiteOutcome[]): JsonObject {
  const tests = suites.flatMap((suite) => suite.tests);
  const failed = tests.filter(({ problems }) => problems.length > 0).length;
  return {
    version: 1,
    passed: tests.length - failed,
    failed,
    files: suites.map(({ file, tests: own, coverage }) => ({
      file,
      tests: own.map(({ name, line, problems, durationMs }) => ({
        name,
        line,
        passed: problems.length === 0,
        duration_ms: Math.round(durationMs),
        problems: problems.map(({ line: at, message, diff }) => ({ line: at, message, diff })),
      })),
      coverage: coverage === null ? null : (coverage as unknown as JsonObject),
    })),
  };
}

/** The outcome for a JUnit report. */
export function outcomeSuites(suites: readonly SuiteOutcome[]): readonly JunitSuite[] {
  return suites.map(({ file, tests }) => ({
    name: file,
    cases: tests.map(({ name, line, problems, durationMs }) => ({
      name,
      className: file,
      file,
      line,
      durationMs,
      end:
        problems.length === 0
          ? null
          : {
              kind: "failure",
              type: "expectation",
              message: problems[0]?.message ?? "",
              text: problems.map((each) => problemText(file, each)).join("\n"),
            },
    })),
  }));
}

/** A problem with its place: `review.test.yaml:12: status` and the lines that differ. */
function problemText(file: string, { line, message, diff }: Judged): string {
  return [`${file}:${line}: ${message}`, ...diff.map((each) => `  ${each}`)].join("\n");
}
