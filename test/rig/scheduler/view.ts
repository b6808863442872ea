import type { SkipCause, StepCommand } from "../../../src/run/scheduler/command.ts";
import type { GateVerdict } from "../../../src/run/scheduler/event.ts";
import type { ScopeGraph, StepNode } from "../../../src/run/scheduler/graph.ts";
import { joinOf, required, type Move, type Position } from "./rule.ts";

/*
 * What somebody who only hears events and commands knows of a run. It is kept apart from the scheduler's own
 * state on purpose: the observer compares the two.
 */

export interface ScopeView {
  readonly id: number;
  readonly graph: ScopeGraph;
  readonly parent: UnitView | null;
  readonly steps: StepView[];
  /** Its body was given up: the run was cancelled, or its group ended early. */
  stopped: boolean;
  left: boolean;
}

export interface StepView {
  readonly index: number;
  readonly node: StepNode;
  status: "pending" | "gating" | "open" | StepCommand["status"];
  caught: boolean;
  cause: SkipCause | null;
  verdict: GateVerdict | null;
  items: number;
  started: number;
  readonly live: Set<UnitView>;
  succeeded: number;
  failed: number;
  cancelled: number;
  winner: number | null;
  failedForBudget: boolean;
  killed: boolean;
}

export interface UnitView {
  readonly id: number;
  readonly scope: ScopeView;
  readonly step: StepView;
  readonly item: number;
  serial: number;
  at: Position;
  /** `runs` to `inside`: an attempt is in flight; `closing`: it has ended, the scope inside has not. */
  mode: "runs" | "blocked" | "parked" | "inside" | "closing" | "judging" | "delaying" | "ready";
  /** What must come next of it, by the rules; null while an attempt is in flight. */
  next: Move | null;
  aborted: boolean;
  starts: number;
  lost: number;
  child: ScopeView | null;
}

export function scopeView(id: number, graph: ScopeGraph, parent: UnitView | null): ScopeView {
  const steps = graph.nodes.map((node, index): StepView => ({
    index,
    node,
    status: "pending",
    caught: false,
    cause: null,
    verdict: null,
    items: 1,
    started: 0,
    live: new Set(),
    succeeded: 0,
    failed: 0,
    cancelled: 0,
    winner: null,
    failedForBudget: false,
    killed: false,
  }));
  return { id, graph, parent, steps, stopped: false, left: false };
}

export const isOver = (step: StepView): boolean => !["pending", "gating", "open"].includes(step.status);

export const isWell = (step: StepView): boolean => step.status === "succeeded" || step.caught;

export const failedUncaught = (step: StepView): boolean => step.status === "failed" && !step.caught;

const carriesFailure = (step: StepView): boolean =>
  failedUncaught(step) || step.status === "cancelled" || step.cause === "upstream";

/** What the needs of a step say at this moment. */
export function needsOf(scope: ScopeView, step: StepView): { holds: boolean; settled: boolean; failure: boolean } {
  const { needs } = step.node;
  const steps = (of: readonly number[]): StepView[] => of.map((i) => scope.steps[i] as StepView);
  return {
    holds: needs.every((group) => steps(group.of).filter(isWell).length >= group.required),
    settled: needs.every((group) => steps(group.of).every(isOver)),
    failure: needs.some((group) => steps(group.of).some(carriesFailure)),
  };
}

/** The gate of a pending step may be decided: its `if` asked, or its units started. */
export function isDue(scope: ScopeView, step: StepView): boolean {
  if (step.node.isFinally ? !bodyIsOver(scope) : isStopped(scope)) return false;
  const { holds, settled } = needsOf(scope, step);
  return step.node.whenSettled ? settled : holds;
}

export const bodyIsOver = (scope: ScopeView): boolean =>
  scope.steps.every((step) => step.node.isFinally || isOver(step));

export function isStopped(scope: ScopeView): boolean {
  return scope.stopped || (scope.parent !== null && isStepStopped(scope.parent.scope, scope.parent.step));
}

/** Nothing more of this step may start, and what runs must be stopped. */
export function isStepStopped(scope: ScopeView, step: StepView): boolean {
  return step.killed || isDecided(step) || (!step.node.isFinally && isStopped(scope));
}

/** `any` is won, or `fail_fast` sees that the join can no longer hold. */
function isDecided(step: StepView): boolean {
  const { fan } = step.node;
  if (fan === null || step.status !== "open") return false;
  if (fan.join.kind === "any" && step.succeeded > 0) return true;
  return fan.failFast && step.items - step.failed < required(fan.join, step.items);
}

/** The failures of its units alone do not break the join. */
export function couldHold(step: StepView): boolean {
  if (isOverBudget(step)) return false;
  return step.items - step.failed >= required(joinOf(step.node), step.items);
}

/** A used-up budget breaks every join but `any`, which may be won all the same. */
function isOverBudget(step: StepView): boolean {
  return step.failedForBudget && joinOf(step.node).kind !== "any";
}

export function holds(step: StepView): boolean {
  const join = joinOf(step.node);
  if (isOverBudget(step)) return false;
  if (join.kind === "settled") return step.succeeded + step.failed === step.items;
  return step.succeeded >= required(join, step.items);
}

/** It has items left to start and room under `max_parallel`. */
export function hasRoom(step: StepView, slots: number): boolean {
  const items = step.status === "open" ? step.items : 1;
  return step.started < items && step.live.size < (step.node.fan?.maxParallel ?? slots);
}
