import { createMemoryState, type Recording } from "../compose.ts";
import type { Evaluator } from "../expression/evaluate.ts";
import { beginRun } from "../library/begin.ts";
import { reportOf, type Report } from "../library/report.ts";
import { resolveInputs } from "../plan/input.ts";
import type { LocalRun } from "../engine/local/run.ts";
import type { RunOutcome } from "../engine/local/run-outcome.ts";
import type { Plan } from "../plan/types.ts";
import { chooseVariant, pickVariant } from "../plan/variant.ts";
import { systemClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import type { Project } from "../util/project.ts";
import type { SchemaCheck } from "../util/schema-check.ts";
import { createVirtualClock } from "./clock.ts";
import { reachedBy, type Reached } from "./coverage.ts";
import { innerSteps } from "./inner-steps.ts";
import { judge, type Judged } from "./judge.ts";
import { createRehearsal } from "./rehearsal.ts";
import type { Snapshots } from "./snapshot.ts";
import type { WorkflowTest } from "./test-file.ts";

/** Where a test runs. */
export interface TestPlace {
  readonly plan: Plan;
  /** Absolute path of the manifest. */
  readonly manifest: string;
  readonly project: Project;
  /** The folder whose files it may read. */
  readonly workspace: string;
  readonly check: SchemaCheck;
  readonly evaluator: Evaluator;
  /** The recording that the test names; null = none. */
  readonly recording: Recording | null;
  readonly snapshots: Snapshots;
}

/** What came of a test. */
export interface TestResult {
  readonly test: WorkflowTest;
  /** What does not hold; empty = passed. */
  readonly problems: readonly Judged[];
  /** What the run reached; null when it could not start. */
  readonly reached: Reached | null;
  readonly report: Report | null;
  /** Real time, milliseconds. */
  readonly durationMs: number;
}

/** Runs a test: the workflow in memory, at a time of its own, without a model and without effects. */
export async function runTest(test: WorkflowTest, place: TestPlace): Promise<TestResult> {
  const startedAt = performance.now();
  const end = (problems: readonly Judged[], reached: Reached | null = null, report: Report | null = null) => ({
    test,
    problems,
    reached,
    report,
    durationMs: performance.now() - startedAt,
  });
  const picked = pickVariant(place.plan, test.variant, test.name);
  const chosen = picked.ok ? chooseVariant(place.plan, picked.value) : picked;
  if (!picked.ok || !chosen.ok) return end([unable(test, [picked.ok ? "" : picked.error])]);
  const plan = chosen.value;
  const inputs = resolveInputs(plan, test.inputs, place.check);
  if (!inputs.ok) return end([unable(test, inputs.error)]);
  const clock = createVirtualClock();
  const { check, evaluator, recording, project, workspace, manifest } = place;
  const rehearsal = createRehearsal({
    plan,
    stubs: test.stubs,
    isRecorded: recording !== null,
    clock,
    check,
    evaluator,
    onUnanswered: () => run?.leaveAlone(),
  });
  let run: LocalRun | null = null;
  const store = createMemoryState(clock);
  const runId = "test";
  const begun = beginRun({
    runId,
    plan,
    project,
    manifest,
    inputs: inputs.value,
    choice: { model: [], only: [], replay: null, auto: null, budget: null, variant: picked.value },
    env: {},
    workspace,
    runsFolder: workspace,
    store,
    recording,
    simulated: true,
    rehearsal,
    concurrency: null,
    // The test is who answers.
    isAttended: true,
    onEvents: () => {},
    log: silentLog,
  });
  if (!begun.ok) {
    const { error } = begun;
    return end([unable(test, error.kind === "request" ? error.problems : [error.failure.message])]);
  }
  run = begun.value.run;
  const outcome = await endOf(run);
  if (outcome === null) return end([unable(test, [`it did not end within ${MOST_MS / 1000}s of real time`])]);
  const report = reportOf(outcome, { runId, plan, origin: null, simulated: true, ...begun.value }, store);
  const problems = judge(test, report, { ...place, inner: innerSteps(outcome.record) });
  return end(problems, reachedBy(outcome.record, [...store.readFacts(runId)]), report);
}

/** Real time that a test may take: its own time costs nothing, so one that takes longer hangs. */
const MOST_MS = 60_000;

/** How a run ends; null when it hangs. */
async function endOf(run: LocalRun): Promise<RunOutcome | null> {
  let cancel = (): void => {};
  const late = new Promise<null>((resolve) => (cancel = systemClock.after(MOST_MS, () => resolve(null))));
  return await Promise.race([run.done, late]).finally(() => cancel());
}

function unable(test: WorkflowTest, problems: readonly string[]): Judged {
  return { line: test.line, message: `it could not be run: ${problems.join("; ")}`, diff: [] };
}
