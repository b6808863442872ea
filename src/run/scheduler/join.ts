import type { Join } from "../../plan/types.ts";
import type { Machine, UnitEnd } from "./machine.ts";
import type { ScopeState, StepState, UnitState } from "./state.ts";
import { cancelUnit, liveUnits } from "./unit.ts";

/** Counts a unit that is over. */
export function countUnit(m: Machine, unit: UnitState, end: UnitEnd): void {
  const scope = m.scope(unit.scope);
  if (scope === undefined || !m.state.units.delete(unit.id)) return;
  const step = m.step(scope, unit.step);
  step.inFlight -= 1;
  if (step.live instanceof Set) step.live.delete(unit.id);
  else step.live = null;
  if (end.status === "succeeded") {
    step.succeeded += 1;
    step.winner ??= unit.item;
    m.state.failuresInARow = 0;
  } else if (end.status === "failed") {
    step.failed += 1;
    // A budget failure must show whatever else failed: it is never caught.
    step.firstFailure = end.class === "budget" ? "budget" : (step.firstFailure ?? end.class);
    // What failed before the run was resumed has stopped it once already.
    if (!unit.isRecalled) m.state.failuresInARow += 1;
  } else step.cancelled += 1;
  const { id, item } = unit;
  m.commands.push({
    type: "unit",
    unit: id,
    scope: scope.id,
    step: unit.step,
    item,
    status: end.status,
    code: end.code,
  });
  m.agenda.push({ kind: "units-changed", scope, step: unit.step });
  const { breakerFailures } = m.graph;
  if (end.status === "failed" && breakerFailures !== null && m.state.failuresInARow >= breakerFailures) {
    m.stops.push({ kind: "run-stopped", as: "failed" });
  }
}

/** Decides whether an open step is over, must stop early, or has more units to start. */
export function considerJoin(m: Machine, scope: ScopeState, index: number): void {
  const step = m.step(scope, index);
  if (step.status !== "open") return;
  const { fan } = m.node(scope, index);
  const join: Join = fan?.join ?? { kind: "all" };
  if (!step.stopping && (isWon(join, step) || (fan?.failFast === true && isLost(join, step))))
    stopUnits(m, scope, index);
  if (!step.stopping && step.nextItem < step.items) {
    enqueue(m, scope, index);
    return;
  }
  if (step.inFlight > 0) return;
  if (join.kind !== "any") step.winner = null;
  // A budget that is used up shows, whatever the others came to; who has won has what was wanted.
  const isOverBudget = step.firstFailure === "budget" && join.kind !== "any";
  if (holds(join, step) && !step.killed && !isOverBudget) {
    m.stepEnds(scope, index, "succeeded");
  } else if (
    scope.cancelling &&
    !step.killed &&
    !isOverBudget &&
    !m.node(scope, index).isFinally &&
    couldHold(join, step)
  ) {
    m.stepEnds(scope, index, "cancelled");
  } else {
    const failureClass = step.killed ? "cancelled" : (step.firstFailure ?? "output");
    m.stepEnds(scope, index, "failed", { class: failureClass });
  }
}

/** Puts a step with units to start into its ready queue, once. */
function enqueue(m: Machine, scope: ScopeState, index: number): void {
  const step = m.step(scope, index);
  if (step.queued) return;
  step.queued = true;
  const queue = scope.parent === null ? m.state.ready : m.state.inner;
  queue.push({ scope: scope.id, step: index });
}

/** Nothing more of this step starts; what runs is aborted. */
export function stopUnits(m: Machine, scope: ScopeState, index: number): void {
  const step = m.step(scope, index);
  if (step.stopping) return;
  step.stopping = true;
  step.cancelled += step.items - step.nextItem;
  for (const id of liveUnits(step)) {
    const unit = m.state.units.get(id);
    if (unit !== undefined) cancelUnit(m, unit);
  }
}

function isWon(join: Join, step: StepState): boolean {
  return join.kind === "any" && step.succeeded > 0;
}

function isLost(join: Join, step: StepState): boolean {
  const possible = step.items - step.failed - step.cancelled;
  return possible < required(join, step.items);
}

/** Whatever was cancelled: the failures alone do not break the join. */
function couldHold(join: Join, step: StepState): boolean {
  return step.items - step.failed >= required(join, step.items);
}

function holds(join: Join, step: StepState): boolean {
  return join.kind === "settled" ? step.cancelled === 0 : step.succeeded >= required(join, step.items);
}

function required(join: Join, items: number): number {
  if (join.kind === "at_least") return join.count;
  if (join.kind === "any") return 1;
  return join.kind === "all" ? items : 0;
}
