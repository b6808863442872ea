import { graphOf } from "../plan/graph.ts";
import { EMPTY_SCOPE, type Plan, type PlannedScope, type PlannedStep } from "../plan/types.ts";
import { childAgentsOf, idsOfPath, pathOfKey, stageOf } from "./attempt-key.ts";
import { chosenAgent, type Fact } from "./fact.ts";
import type { RunFigures, RunMode, SpendFigures, StepFigures } from "./figures.ts";
import { noSpend, plusSpend, roundUsd } from "./spend.ts";
import { ratedScope, type ScopeRecord, type StepRecord } from "./state.ts";
import { tokensOf } from "../util/usage.ts";

/** A run at the end of one of its starts. */
export interface MeasuredRun {
  readonly plan: Plan;
  readonly record: ScopeRecord;
  /** All of them: what was ever spent. */
  readonly facts: Iterable<Fact>;
  readonly mode: RunMode;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** How many steps have figures of their own, and how many rows of spend there are. */
const MOST_ROWS = 200;

/** Kinds of steps that wait for something outside. */
const WAITING: ReadonlySet<string> = new Set(["wait", "approval"]);

/** What a run took, for later comparison. Linear in steps, edges and facts, but for sorting. */
export function measureRun(run: MeasuredRun): RunFigures {
  const { plan, record, mode, startedAt, endedAt } = run;
  const critical = new Map<string, number>();
  addCriticalPath(plan, plan.scopes[0] ?? EMPTY_SCOPE, record, critical);
  const steps = stepFigures(record, critical);
  const kept = mostTelling(steps);
  let sum = noSpend;
  const facts = [...run.facts].filter(({ usage }) => usage !== null);
  for (const fact of facts) sum = plusSpend(sum, fact);
  return {
    mode,
    variant: plan.variant ?? null,
    score: ratedScope(record, plan).score,
    wallMs: Math.max(0, endedAt - startedAt),
    ...activity(record),
    calls: sum.usage.calls,
    tokens: tokensOf(sum.usage),
    costUsd: sum.costUsd === null ? null : roundUsd(sum.costUsd),
    spend: spendFigures(plan, facts),
    steps: kept,
    moreSteps: steps.length - kept.length,
    roi: plan.roi ?? null,
  };
}

/** All steps, those inside of others after them. */
function* allSteps({ steps }: ScopeRecord): Generator<StepRecord> {
  for (const step of steps) {
    yield step;
    if (step.inner !== null) yield* allSteps(step.inner);
    for (const { inner } of step.items ?? []) if (inner !== null) yield* allSteps(inner);
  }
}

function isContainer({ kind }: StepRecord): boolean {
  return kind === "steps" || kind === "uses";
}

/** How long at least one step was worked on, and how long all that went on was waiting. */
function activity(record: ScopeRecord): { readonly activeMs: number; readonly waitingMs: number } {
  const busy: Span[] = [];
  const any: Span[] = [];
  for (const step of allSteps(record)) {
    if (isContainer(step) || step.startedAt === null || step.endedAt === null) continue;
    const span = [step.startedAt, step.endedAt] as const;
    any.push(span);
    if (!WAITING.has(step.kind)) busy.push(span);
  }
  const activeMs = covered(busy);
  return { activeMs, waitingMs: covered(any) - activeMs };
}

type Span = readonly [from: number, to: number];

/** The time that at least one of the spans covers. */
function covered(spans: Span[]): number {
  spans.sort((a, b) => a[0] - b[0]);
  let sum = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const [from, to] of spans) {
    if (to <= end) continue;
    sum += to - Math.max(from, end);
    end = to;
  }
  return sum;
}

/**
 * The chain of steps that the end of the scope hung on, as it was: from the step that ended last back to the one of its
 * needs that ended last, and so on; inside of groups too. Adds to each the time that it had to itself.
 */
function addCriticalPath(plan: Plan, scope: PlannedScope, record: ScopeRecord, critical: Map<string, number>): void {
  const graph = graphOf(scope);
  const ended = (index: number): number => record.steps[index]?.endedAt ?? Number.NEGATIVE_INFINITY;
  const lastOf = (indices: Iterable<number>): number | null => {
    let last: number | null = null;
    for (const index of indices)
      if (Number.isFinite(ended(index)) && (last === null || ended(index) > ended(last))) last = index;
    return last;
  };
  for (let at = lastOf(record.steps.keys()); at !== null;) {
    const step = record.steps[at] as StepRecord;
    const planned = scope.steps[at];
    const before = (graph[at] ?? []).concat(
      planned?.isFinally === true
        ? [...scope.steps.keys()].filter((index) => scope.steps[index]?.isFinally === false)
        : [],
    );
    const end = ended(at);
    const previous = lastOf(before.filter((index) => ended(index) <= end));
    const from = Math.max(step.startedAt ?? end, previous === null ? Number.NEGATIVE_INFINITY : ended(previous));
    const path = idsOfPath(step.path);
    critical.set(path, (critical.get(path) ?? 0) + Math.max(0, end - from));
    const inner = lastScope(step);
    if (inner !== null && (planned?.body.kind === "steps" || planned?.body.kind === "uses"))
      addCriticalPath(plan, plan.scopes[planned.body.scope] ?? EMPTY_SCOPE, inner, critical);
    at = previous;
  }
}

/** The scope inside of a step, or of the item of it that ended last. */
function lastScope(step: StepRecord): ScopeRecord | null {
  if (step.inner !== null) return step.inner;
  const endOf = (scope: ScopeRecord): number => Math.max(...scope.steps.map(({ endedAt }) => endedAt ?? 0));
  let last: ScopeRecord | null = null;
  for (const { inner } of step.items ?? [])
    if (inner !== null && (last === null || endOf(inner) > endOf(last))) last = inner;
  return last;
}

function stepFigures(record: ScopeRecord, critical: ReadonlyMap<string, number>): StepFigures[] {
  const figures = new Map<string, { -readonly [key in keyof StepFigures]: StepFigures[key] }>();
  for (const step of allSteps(record)) {
    const path = idsOfPath(step.path);
    let one = figures.get(path);
    if (one === undefined) {
      const counts = { succeeded: 0, failed: 0, skipped: 0, attempts: 0, durationMs: 0 };
      one = { step: path, kind: step.kind, ...counts, criticalMs: critical.get(path) ?? null };
      figures.set(path, one);
    }
    const { status, attempts, startedAt, endedAt } = step;
    if (status === "succeeded" || status === "failed" || status === "skipped") one[status] += 1;
    one.attempts += attempts;
    if (startedAt !== null && endedAt !== null) one.durationMs = Math.max(one.durationMs, endedAt - startedAt);
  }
  return [...figures.values()];
}

/** Those on the critical path and the longest others, in their order. */
function mostTelling(steps: readonly StepFigures[]): readonly StepFigures[] {
  if (steps.length <= MOST_ROWS) return steps;
  const weight = ({ criticalMs, durationMs }: StepFigures): number =>
    criticalMs === null ? durationMs : Number.MAX_SAFE_INTEGER / 2 + criticalMs;
  const kept = new Set(steps.toSorted((a, b) => weight(b) - weight(a)).slice(0, MOST_ROWS));
  return steps.filter((step) => kept.has(step));
}

function spendFigures(plan: Plan, facts: readonly Fact[]): readonly SpendFigures[] {
  const planned = stepsByPath(plan);
  const rows = new Map<string, { -readonly [key in keyof SpendFigures]: SpendFigures[key] }>();
  for (const fact of facts) {
    const { key, model, usage, costUsd } = fact;
    if (usage === null) continue;
    const path = pathOfKey(key);
    const step = planned.get(path);
    const place = {
      step: step === undefined ? null : path,
      agent:
        step === undefined ? null : (childAgentsOf(key).at(-1) ?? agentOf(step, stageOf(key)) ?? chosenAgent(fact)),
      model,
    };
    const name = rows.size < MOST_ROWS ? JSON.stringify(place) : "more";
    let row = rows.get(name);
    if (row === undefined) {
      const nobody = { step: null, agent: null, model: null };
      rows.set(name, (row = { ...(name === "more" ? nobody : place), calls: 0, tokens: 0, costUsd: 0 }));
    }
    row.calls += usage.calls;
    row.tokens += tokensOf(usage);
    if (usage.calls > 0)
      row.costUsd = row.costUsd === null || costUsd === null ? null : roundUsd(row.costUsd + costUsd);
  }
  return [...rows.values()];
}

function agentOf({ body, fallback }: PlannedStep, stage: number): string | null {
  if (body.kind !== "agent" || body.choice !== undefined) return null;
  return fallback[stage - 1]?.agent ?? body.agent;
}

/** Steps of the plan by the ids of their path. */
function stepsByPath(
  plan: Plan,
  scope = 0,
  prefix = "",
  found = new Map<string, PlannedStep>(),
): ReadonlyMap<string, PlannedStep> {
  for (const step of plan.scopes[scope]?.steps ?? []) {
    found.set(`${prefix}${step.id}`, step);
    if (step.body.kind === "steps" || step.body.kind === "uses")
      stepsByPath(plan, step.body.scope, `${prefix}${step.id}/`, found);
  }
  return found;
}
