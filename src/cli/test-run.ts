import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import pLimit from "p-limit";
import { openRecording, workspaceOf, type Recording } from "../compose.ts";
import { readSource } from "../compose/source-reader.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { renderDiagnostics } from "../diagnostic/render.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import { createEvaluator } from "../expression/evaluate.ts";
import { noChoice } from "../plan/model-choice.ts";
import type { Plan } from "../plan/types.ts";
import { coverageOf } from "../testing/coverage.ts";
import type { SuiteOutcome, TestOutcome } from "../testing/outcome.ts";
import { readTests } from "../testing/read.ts";
import { runTest } from "../testing/run-test.ts";
import { snapshotPath, Snapshots } from "../testing/snapshot.ts";
import type { WorkflowTest } from "../testing/test-file.ts";
import { isJsonObject, readJson, type JsonObject } from "../util/json.ts";
import { findProject } from "../util/project.ts";
import { createSchemaCheck } from "../util/schema-check.ts";
import { UsageError } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";
import { compileFile, unreadable } from "./workflow.ts";

/** Tests of one file under way at once: they take turns on one thread, and each keeps a run in memory. */
const TESTS_AT_ONCE = 16;

/**
 * Runs the tests of a file; null when the file or its workflow is not valid, which was told. UsageError for what cannot
 * be read or written.
 */
export async function runTestFile(path: string, isUpdate: boolean, terminal: Terminal): Promise<SuiteOutcome | null> {
  const found: { plan: Plan | null; manifest: string } = { plan: null, manifest: "" };
  const tell = (diagnostics: readonly Diagnostic[], sources: readonly SourceFile[]): null => {
    terminal.err(renderDiagnostics(diagnostics, sources, { color: terminal.color.isColorSupported }));
    return null;
  };
  const source = sourceAt(path, terminal);
  if (!source.ok) return tell(source.error, []);
  const tests = readTests(source.value, (workflow) => {
    const manifest = join(dirname(path), workflow);
    const compiled = compileFile(manifest, terminal, noChoice, "frozen");
    if (compiled.plan === null)
      tell(
        compiled.diagnostics.filter(({ severity }) => severity === "error"),
        compiled.sources,
      );
    found.plan = compiled.plan;
    found.manifest = manifest;
    return compiled.plan;
  });
  if (!tests.ok) return tell(tests.error, [source.value]);
  if (tests.value === null || found.plan === null) return null;

  const { plan, manifest } = found;
  const snapshots = new Snapshots(keptSnapshots(path, terminal), isUpdate);
  const project = findProject(terminal.cwd, null);
  const absolute = resolve(terminal.cwd, manifest);
  const place = {
    plan,
    manifest: absolute,
    project,
    workspace: workspaceOf(absolute, project),
    check: createSchemaCheck(),
    evaluator: createEvaluator(),
    snapshots,
  };
  const recordings = new Map<string, Recording>();
  const recordingOf = ({ recording }: WorkflowTest): Recording | null => {
    if (recording === null) return null;
    const known = recordings.get(recording) ?? recordingAt(join(dirname(path), recording), terminal);
    recordings.set(recording, known);
    return known;
  };
  const limit = pLimit(TESTS_AT_ONCE);
  const results = await Promise.all(
    tests.value.tests.map((test) => limit(() => runTest(test, { ...place, recording: recordingOf(test) }))),
  );
  if (isUpdate) keepSnapshots(path, snapshots, terminal);
  const outcomes = results.map(({ test, problems, durationMs }): TestOutcome => ({
    name: test.name,
    line: test.line,
    problems,
    durationMs,
  }));
  const runs = results.flatMap(({ reached }) => (reached === null ? [] : [reached]));
  return { file: path, tests: outcomes, coverage: coverageOf(plan, runs) };
}

function sourceAt(path: string, { cwd }: Terminal): ReturnType<typeof readSource> {
  try {
    return readSource(resolve(cwd, path), path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function recordingAt(path: string, terminal: Terminal): Recording {
  try {
    const opened = openRecording(resolve(terminal.cwd, path));
    if (opened.ok) return { ...opened.value, path };
    const { diagnostics, source } = opened.error;
    terminal.err(renderDiagnostics(diagnostics, source === null ? [] : [source]));
  } catch (error) {
    throw unreadable(path, error);
  }
  throw new UsageError(`${path} is not a valid recording`, 3);
}

function keptSnapshots(testFile: string, { cwd }: Terminal): JsonObject {
  const path = snapshotPath(testFile);
  const absolute = resolve(cwd, path);
  if (!existsSync(absolute)) return {};
  const kept = readJson(readFileSync(absolute, "utf8"));
  if (kept.ok && isJsonObject(kept.value)) return kept.value;
  throw new UsageError(
    `${path} cannot be read: delete it, then muster test --update ${relative(cwd, testFile) || testFile}`,
  );
}

function keepSnapshots(testFile: string, snapshots: Snapshots, { cwd }: Terminal): void {
  const path = resolve(cwd, snapshotPath(testFile));
  const text = snapshots.text();
  if (text === null) rmSync(path, { force: true });
  else writeFileSync(path, text);
}
