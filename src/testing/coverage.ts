import { stepPaths } from "../plan/step-paths.ts";
import type { Plan, PlannedStep } from "../plan/types.ts";
import { isAttemptKey, pathOfKey, stageOfKey } from "../run/attempt-key.ts";
import type { Fact } from "../run/fact.ts";
import type { ScopeRecord } from "../run/state.ts";
import { findStep } from "./step-name.ts";

/** What runs can reach of a workflow: steps and branches, by names for people. */
export type Reached = ReadonlySet<string>;

/** What of a workflow its tests reach. */
export interface Coverage {
  readonly steps: Tally;
  readonly branches: Tally;
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
  for (const { key } of facts) {
    if (!isAttemptKey(key)) continue;
    const path = pathOfKey(key);
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
    const scopes = [step.inner, ...[...(step.items ?? []), ...(step.rounds ?? [])].map(({ inner }) => inner)];
    for (const scope of scopes) if (scope !== null) addScope(scope, `${path}/`, reached);
  }
}

/** How a branch is called. */
const branch = {
  condition: (path: string, is: boolean) => `${path}: \`if\` is ${is}`,
  onError: (path: string) => `${path}: on_error`,
  fallback: (path: string, stage: number) => `${path}: fallback ${stage}`,
};

/** What all these runs together reach. */
export function coverageOf(plan: Plan, runs: readonly Reached[]): Coverage {
  const reached = new Set(runs.flatMap((run) => [...run]));
  const paths = stepPaths(plan);
  const branches = paths.flatMap((path) => branchesOf(path, findStep(plan, path.split("/"))));
  return { steps: tally(paths, reached), branches: tally(branches, reached) };
}

function branchesOf(path: string, step: PlannedStep | null): readonly string[] {
  if (step === null) return [];
  return [
    ...(step.condition === null ? [] : [branch.condition(path, true), branch.condition(path, false)]),
    ...(step.onError.kind === "fail" ? [] : [branch.onError(path)]),
    ...step.fallback.map((_, index) => branch.fallback(path, index + 1)),
  ];
}

function tally(names: readonly string[], reached: ReadonlySet<string>): Tally {
  return { all: names.length, missing: names.filter((name) => !reached.has(name)) };
}
