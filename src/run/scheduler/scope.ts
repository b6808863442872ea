import type { Machine, StepEnd } from "./machine.ts";
import type { StepNode } from "./graph.ts";
import { isOpen, type ScopeState, type StepState } from "./state.ts";
import { CANCELLED, endAttempt } from "./unit.ts";

/** Opens an instance of a scope: all its steps pending. `parent` is the unit that it runs in. */
export function openScope(m: Machine, graph: number, parent: number | null): ScopeState {
  const nodes = m.graph.scopes[graph]?.nodes ?? [];
  const openFinally = nodes.reduce((count, node) => count + (node.isFinally ? 1 : 0), 0);
  const scope: ScopeState = {
    id: m.state.nextScope,
    graph,
    parent,
    steps: nodes.map(pendingStep),
    openMain: nodes.length - openFinally,
    openFinally,
    bodyFailed: false,
    failed: false,
    cancelling: false,
  };
  m.state.nextScope += 1;
  m.state.scopes.set(scope.id, scope);
  m.agenda.push({ kind: "scope-opened", scope });
  return scope;
}

function pendingStep(node: StepNode): StepState {
  return {
    status: "pending",
    openNeeds: node.needs.reduce((count, group) => count + group.of.length, 0),
    okByGroup: node.needs.length === 0 ? noGroups : node.needs.map(() => 0),
    needFailed: false,
    caught: false,
    cause: null,
    items: 0,
    nextItem: 0,
    inFlight: 0,
    succeeded: 0,
    failed: 0,
    cancelled: 0,
    winner: null,
    firstFailure: null,
    stopping: false,
    killed: false,
    queued: false,
    live: null,
  };
}

/** Steps without needs share one empty list: there is nothing in it to change. */
const noGroups: number[] = [];

/** All steps without needs may be ready now. */
export function startScope(m: Machine, scope: ScopeState): void {
  for (const [index, step] of scope.steps.entries()) {
    if (step.openNeeds === 0) m.agenda.push({ kind: "needs-changed", scope, step: index });
  }
  if (scope.steps.length === 0) closeScope(m, scope);
}

/** A step has ended: tell it, tell who waits for it, and see whether the scope goes on to `finally` or to its end. */
export function endStep(m: Machine, scope: ScopeState, index: number, end: StepEnd): void {
  const step = m.step(scope, index);
  const node = m.node(scope, index);
  step.status = end.status;
  step.cause = end.cause;
  step.caught = end.status === "failed" && node.caught && end.class !== "budget";
  const { caught, winner } = step;
  m.commands.push({ type: "step", scope: scope.id, step: index, caught, winner, ...end });

  const uncaught = end.status === "failed" && !caught;
  if (uncaught) scope.failed = true;
  if (uncaught && !node.isFinally) scope.bodyFailed = true;
  const isOk = end.status === "succeeded" || caught;
  const carriesFailure = uncaught || end.status === "cancelled" || end.cause === "upstream";
  for (const { step: dependant, group } of m.graph.scopes[scope.graph]?.dependants[index] ?? []) {
    const waiting = m.step(scope, dependant);
    waiting.openNeeds -= 1;
    if (isOk) waiting.okByGroup[group] = (waiting.okByGroup[group] ?? 0) + 1;
    if (carriesFailure) waiting.needFailed = true;
    m.agenda.push({ kind: "needs-changed", scope, step: dependant });
  }

  if (node.isFinally) scope.openFinally -= 1;
  else {
    scope.openMain -= 1;
    if (scope.openMain === 0 && scope.openFinally > 0) releaseFinally(m, scope);
  }
  if (!isOpen(scope)) closeScope(m, scope);
}

function releaseFinally(m: Machine, scope: ScopeState): void {
  for (const [index, step] of scope.steps.entries()) {
    if (m.node(scope, index).isFinally && step.openNeeds === 0) {
      m.agenda.push({ kind: "needs-changed", scope, step: index });
    }
  }
}

function closeScope(m: Machine, scope: ScopeState): void {
  if (scope.parent !== null) {
    const unit = m.state.units.get(scope.parent);
    if (unit === undefined) return;
    if (scope.cancelling) {
      endAttempt(m, unit, unit.verdict ?? CANCELLED);
      return;
    }
    m.commands.push({ type: "leave", unit: unit.id, serial: unit.serial, scope: scope.id, failed: scope.failed });
    return;
  }
  m.state.phase = "closed";
  const status = m.state.cancelledAs ?? (scope.failed ? "failed" : "succeeded");
  m.commands.push({ type: "finished", status });
}
