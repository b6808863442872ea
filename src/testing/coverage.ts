import { stepPaths } from "../plan/step-paths.ts";
import type { Plan, PlannedStep } from "../plan/types.ts";
import { attemptOfKey, isAttemptKey, pathOfKey, stageOfKey } from "../run/attempt-key.ts";
import type { Fact } from "../run/fact.ts";
import type { ScopeRecord } from "../run/state.ts";
import { findStep } from "./step-name.ts";

/** What runs can reach of a workflow: steps and branches, by names for people. */
export type Reached = ReadonlySet<string>;

/** What of a workflow its tests reach. */
export interface Coverage {
  readonly steps: Tally;
  readonly branches: Tally;
  /** What is written for when something fails. */
  readonly failures: Tally;
}

export interface Tally {
  readonly all: number;
  /** Names of what was never reached, in the order of the file. */
  readonly missing: readonly string[];
}

/** What a run has reached. */
export function reachedBy(record: ScopeRecord, facts: readonly Fact[]): Reached {
  const reached = new Set<string>();
  addScope(record, "", reached);
  for (const { key, failure } of facts) {
    if (!isAttemptKey(key)) continue;
    const path = pathOfKey(key);
    if (attemptOfKey(key) > 1) reached.add(branch.retry(path));
    if (failure?.code === "rejected") reached.add(branch.rejected(path));
    if (failure?.code === "approval_timeout") reached.add(branch.unanswered(path));
    // A step that failed inside an attempt that was repeated is not in the record of the last one.
    reached.add(path);
    reached.add(branch.fallback(path, stageOfKey(key)));
  }
  return reached;
}

function addScope({ steps }: ScopeRecord, prefix: string, reached: Set<string>): void {
  for (const step of steps) {
    const path = `${prefix}${step.id}`;
    const hasRun = step.attempts > 0 || step.items !== null || step.status === "succeeded";
    if (hasRun) reached.add(path).add(branch.condition(path, true));
    if (step.status === "skipped" && step.skipCause === "condition") reached.add(branch.condition(path, false));
    if (step.caught) reached.add(branch.onError(path));
    if ((step.items ?? []).some(({ status }) => status === "failed")) reached.add(branch.item(path));
    const scopes = [step.inner, ...[...(step.items ?? []), ...(step.rounds ?? [])].map(({ inner }) => inner)];
    for (const scope of scopes) if (scope !== null) addScope(scope, `${path}/`, reached);
  }
}

/** How a branch is called. */
const branch = {
  condition: (path: string, is: boolean) => `${path}: \`if\` is ${is}`,
  onError: (path: string) => `${path}: on_error`,
  fallback: (path: string, stage: number) => `${path}: fallback ${stage}`,
  retry: (path: string) => `${path}: retry`,
  item: (path: string) => `${path}: an item fails`,
  rejected: (path: string) => `${path}: a person says no`,
  unanswered: (path: string) => `${path}: nobody answers`,
};

/** What all these runs together reach. */
export function coverageOf(plan: Plan, runs: readonly Reached[]): Coverage {
  const reached = new Set(runs.flatMap((run) => [...run]));
  const paths = stepPaths(plan);
  const each = (namesOf: (path: string, step: PlannedStep) => readonly string[]): readonly string[] =>
    paths.flatMap((path) => {
      const step = findStep(plan, path.split("/"));
      return step === null ? [] : namesOf(path, step);
    });
  return {
    steps: tally(paths, reached),
    branches: tally(each(branchesOf), reached),
    failures: tally(each(failuresOf), reached),
  };
}

function branchesOf(path: string, { condition }: PlannedStep): readonly string[] {
  return condition === null ? [] : [branch.condition(path, true), branch.condition(path, false)];
}

function failuresOf(path: string, { body, retry, fan, onError, fallback }: PlannedStep): readonly string[] {
  const asksInTime = body.kind === "approval" && body.timeoutMs !== null;
  return [
    ...(retry.maxAttempts > 1 ? [branch.retry(path)] : []),
    ...fallback.map((_, index) => branch.fallback(path, index + 1)),
    ...(body.kind === "approval" ? [branch.rejected(path)] : []),
    ...(asksInTime ? [branch.unanswered(path)] : []),
    ...(fan === null || fan.join.kind === "all" ? [] : [branch.item(path)]),
    ...(onError.kind === "fail" ? [] : [branch.onError(path)]),
  ];
}

function tally(names: readonly string[], reached: ReadonlySet<string>): Tally {
  return { all: names.length, missing: names.filter((name) => !reached.has(name)) };
}
