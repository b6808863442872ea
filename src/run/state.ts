import type { Plan, PlannedScope, StepBody, StepKind } from "../plan/types.ts";
import type { Json } from "../util/json.ts";
import type { ChildRecord } from "./child-record.ts";
import type { Failure } from "./failure.ts";
import type { Fact } from "./fact.ts";
import type { SkipCause } from "./scheduler/command.ts";
import type { Usage } from "../util/usage.ts";
import { addUsage } from "../util/usage.ts";
import type { ValueRef } from "./value-ref.ts";

/** How far each step of a scope is, and what came of it. The report is made from this. */
export interface ScopeRecord {
  readonly steps: readonly StepRecord[];
  /** What the workflow's `score` gave; null without one, and while the scope has not succeeded. */
  score: number | null;
  /** Why there is no number where there should be one, a sentence. */
  scoreProblem: string | null;
}

/** The kind of a step as reports tell it: a handoff runs as an agent, or asks a person; in a session an agent answers. */
export type RecordKind = StepKind | "handoff" | "session";

export interface StepRecord {
  readonly id: string;
  readonly path: string;
  readonly kind: RecordKind;
  status: "pending" | "ready" | "running" | "waiting" | "succeeded" | "failed" | "skipped" | "cancelled";
  /** Failed, and `on_error` let the run go on. */
  caught: boolean;
  /** `needs`: what it needs was skipped, without a failure. */
  skipCause: SkipCause | "needs" | null;
  startedAt: number | null;
  endedAt: number | null;
  /** Attempts of all units, those of earlier starts of the run included. */
  attempts: number;
  /** The model asked for and the one that answered last. */
  askedModel: string | null;
  model: string | null;
  usage: Usage | null;
  /** null when no model was asked; see `costUnknown` for calls without a known price. */
  costUsd: number | null;
  costUnknown: boolean;
  /** Output of the only unit, or of `on_error`; a `for_each` step's is made of its items. */
  output: ValueRef | null;
  extra: Fact["extra"];
  /** Files that the only unit left behind, a list of artifacts; null = none. */
  artifacts: ValueRef | null;
  failure: Failure | null;
  /** The units of a `for_each` or `matrix`, in their order; null before the list is known and for other steps. */
  items: ItemRecord[] | null;
  /** The units are batches of so many items each; `flatten`: a list that one gives has a result for each of its items. */
  readonly batch: { readonly size: number; readonly flatten: boolean } | null;
  /** The rounds of `repeat` that have ended, of a step without units; null without `repeat`. */
  rounds: ItemRecord[] | null;
  /** The steps inside, of the latest attempt of a group or sub-workflow; of its items: see there. */
  inner: ScopeRecord | null;
  winner: number | null;
  /** Units whose outcome was recorded by an earlier start of this run. */
  reused: number;
  /** Units whose outcome an earlier run knew. */
  cached: number;
  /** The latest attempt of the only unit, where its agent may start others. */
  attemptKey?: string;
  /** The agents that it has started; left out = none may be. */
  children?: readonly ChildRecord[];
}

export interface ItemRecord {
  readonly item: Json;
  /** Lasting, as in the name of its unit (attempt-key.ts); empty for a round of `repeat`. */
  readonly name: string;
  status: "pending" | "running" | "waiting" | "succeeded" | "failed" | "cancelled";
  attempts: number;
  output: ValueRef | null;
  artifacts: ValueRef | null;
  failure: Failure | null;
  /** An earlier run knew the outcome. */
  isFromCache?: boolean;
  inner: ScopeRecord | null;
  /** As of a step: these two. */
  attemptKey?: string;
  children?: readonly ChildRecord[];
}

/** The record of a scope before anything happened. `prefix` is the path of the scope, with a `/` at its end. */
export function scopeRecord(scope: PlannedScope, prefix = ""): ScopeRecord {
  return {
    score: null,
    scoreProblem: null,
    steps: scope.steps.map(({ id, body, fan, repeat, handoff }) => ({
      id,
      path: `${prefix}${id}`,
      kind: recordKind(body, handoff !== undefined),
      status: "pending",
      caught: false,
      skipCause: null,
      startedAt: null,
      endedAt: null,
      attempts: 0,
      askedModel: null,
      model: null,
      usage: null,
      costUsd: null,
      costUnknown: false,
      output: null,
      extra: null,
      artifacts: null,
      failure: null,
      items: null,
      batch: fan?.batch ?? null,
      rounds: repeat === null || fan !== null ? null : [],
      inner: null,
      winner: null,
      reused: 0,
      cached: 0,
    })),
  };
}

/** The scope whose score is the run's: that of the chosen variant, else the workflow itself. */
export function ratedScope(record: ScopeRecord, { variant }: Pick<Plan, "variant">): ScopeRecord {
  return record.steps.find(({ id }) => id === variant)?.inner ?? record;
}

/** The record of a unit before anything happened; `item` is its entry, a list for a batch. */
export function itemRecord(item: Json, name: string): ItemRecord {
  return { item, name, status: "pending", attempts: 0, output: null, artifacts: null, failure: null, inner: null };
}

/** Adds what an attempt used: to its step, and so to the run. */
export function addSpend(step: StepRecord, fact: Pick<Fact, "model" | "usage" | "costUsd">): void {
  if (fact.model !== null) step.model = fact.model;
  if (fact.usage === null) return;
  step.usage = step.usage === null ? fact.usage : addUsage(step.usage, fact.usage);
  if (fact.usage.calls === 0) return;
  if (fact.costUsd === null) step.costUnknown = true;
  else step.costUsd = (step.costUsd ?? 0) + fact.costUsd;
}

/** In a run that has ended nothing is under way: what no fact tells the end of was stopped with it. */
export function stopOpenSteps(scope: ScopeRecord): void {
  for (const step of scope.steps) {
    if (step.status === "pending" || step.status === "ready" || step.status === "running" || step.status === "waiting")
      step.status = "cancelled";
    if (step.inner !== null) stopOpenSteps(step.inner);
    for (const item of step.items ?? []) {
      if (item.status === "pending" || item.status === "running" || item.status === "waiting")
        item.status = "cancelled";
      if (item.inner !== null) stopOpenSteps(item.inner);
    }
  }
}

/** In a run that waits for somebody outside, all that is under way does. */
export function waitInOpenSteps(scope: ScopeRecord): void {
  for (const step of scope.steps) {
    if (step.status === "running") step.status = "waiting";
    if (step.inner !== null) waitInOpenSteps(step.inner);
    for (const item of step.items ?? []) {
      if (item.status === "running") item.status = "waiting";
      if (item.inner !== null) waitInOpenSteps(item.inner);
    }
  }
}

/** What a run knows of itself beside its steps. */
export interface RunInfo {
  readonly runId: string;
  readonly plan: Plan;
  readonly startedAt: number;
  readonly inputs: { readonly [name: string]: Json };
}

/** The step has ended: nothing about it changes any more in this epoch. */
export function isTerminal({ status }: StepRecord): boolean {
  return status === "succeeded" || status === "failed" || status === "skipped" || status === "cancelled";
}

function recordKind(body: StepBody, isHandoff: boolean): RecordKind {
  if (isHandoff) return "handoff";
  if (body.kind !== "agent" || body.session === undefined) return body.kind;
  return body.send === undefined ? "session" : "send";
}
