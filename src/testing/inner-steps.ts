import type { ScopeRecord, StepRecord } from "../run/state.ts";

/** What became of a step of a list's group: of all its instances, over items and rounds, together. */
export interface InnerStep {
  readonly attempts: number;
  /** How its instances stand, each word once. */
  readonly statuses: readonly StepRecord["status"][];
}

/** The steps inside of items and rounds by their paths: a report has one entry a step, and none for these. */
export function innerSteps(record: ScopeRecord): ReadonlyMap<string, InnerStep> {
  const inner = new Map<string, InnerStep>();
  addScope(record, "", inner);
  return inner;
}

function addScope({ steps }: ScopeRecord, prefix: string, inner: Map<string, InnerStep>): void {
  for (const step of steps) {
    const path = `${prefix}${step.id}`;
    const before = inner.get(path) ?? { attempts: 0, statuses: [] };
    inner.set(path, {
      attempts: before.attempts + step.attempts,
      statuses: [...new Set([...before.statuses, ...statusesOf(step)])],
    });
    const scopes = [step.inner, ...[...(step.items ?? []), ...(step.rounds ?? [])].map((item) => item.inner)];
    for (const scope of scopes) if (scope !== null) addScope(scope, `${path}/`, inner);
  }
}

function statusesOf({ status, items }: StepRecord): readonly StepRecord["status"][] {
  return (items ?? []).some((item) => item.status === "failed") ? [status, "failed"] : [status];
}
