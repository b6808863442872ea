import { createEvaluator } from "../../../src/expression/evaluate.ts";
import { compile } from "../../../src/plan/compile.ts";
import type { Plan } from "../../../src/plan/types.ts";
import { readTests } from "../../../src/testing/read.ts";
import { runTest, type TestResult } from "../../../src/testing/run-test.ts";
import { Snapshots } from "../../../src/testing/snapshot.ts";
import type { WorkflowTest } from "../../../src/testing/test-file.ts";
import { createSchemaCheck } from "../../../src/util/schema-check.ts";

/** A workflow with what tests are about: items, stages, conditions, a group, an approval, a wait. */
export const FLOW = `muster: 1
name: flow
inputs:
  topics: { type: array, items: { type: string }, default: [a, b] }
agents:
  writer: { model: anthropic/claude-haiku-5-5 }
  second: { model: anthropic/claude-opus-5-5 }
steps:
  look: { run: [ls] }
  draft:
    for_each: \${{ inputs.topics }}
    agent: writer
    task: "Write on {{ item }}: {{ steps.look.output }}"
    retry: { max_attempts: 2, delay: 10m }
    fallback: [{ agent: second }]
    join: settled
  judge:
    agent: writer
    task: Judge {{ json steps.draft.output }}
    output: { type: object, properties: { verdict: { enum: [good, bad] } }, required: [verdict] }
  fix:
    if: steps.judge.output.verdict == 'bad'
    agent: writer
    task: Fix {{ json steps.draft.output }}
    on_error: continue
  each:
    for_each: [x, y]
    steps:
      inner: { run: [echo] }
    outputs: { is: "\${{ steps.inner.output }}" }
  pause: { wait: { for: 20m }, needs: judge }
  publish:
    needs: [fix, pause, each]
    if: always() && steps.judge.status == 'succeeded'
    approval: { prompt: "Publish {{ json steps.draft.output }}?", timeout: 2d, on_timeout: fail }
outputs:
  drafts: \${{ steps.draft.output }}
  by: \${{ steps.publish.output.by }}
`;

/** The plan of a manifest that is valid. */
export function planOf(manifest: string): Plan {
  const compiled = compile({ path: "flow.yaml", text: manifest });
  if (!compiled.ok || compiled.value.plan === null)
    throw new Error(compiled.ok ? JSON.stringify(compiled.value.diagnostics) : compiled.error);
  return compiled.value.plan;
}

/** The problems of a test file, as `line:column code message`; empty = it is valid. */
export function problemsOf(tests: string, manifest = FLOW): readonly string[] {
  const read = readTests({ path: "flow.test.yaml", text: tests }, () => planOf(manifest));
  return read.ok ? [] : read.error.map(({ span, code, message }) => `${span.line}:${span.column} ${code} ${message}`);
}

/** The tests of a file that is valid, by name. */
export function testsOf(tests: string, manifest = FLOW): readonly WorkflowTest[] {
  const read = readTests({ path: "flow.test.yaml", text: tests }, () => planOf(manifest));
  if (!read.ok || read.value === null) throw new Error(JSON.stringify(read));
  return read.value.tests;
}

/** Runs the tests of a file one after the other. */
export async function ran(tests: string, manifest = FLOW): Promise<readonly TestResult[]> {
  const place = {
    plan: planOf(manifest),
    manifest: "/nowhere/flow.yaml",
    project: { root: "/nowhere", statePath: "/nowhere/state.db" },
    workspace: "/nowhere",
    check: createSchemaCheck(),
    evaluator: createEvaluator(),
    recording: null,
    snapshots: new Snapshots({}, false),
  };
  const results: TestResult[] = [];
  for (const test of testsOf(tests, manifest)) results.push(await runTest(test, place));
  return results;
}

/** What does not hold, as `line message` with the lines that differ; empty = all tests passed. */
export async function failuresOf(tests: string, manifest = FLOW): Promise<readonly string[]> {
  return (await ran(tests, manifest)).flatMap(({ problems }) =>
    problems.map(({ line, message, diff }) => [`${line} ${message}`, ...diff].join("\n")),
  );
}
