import { InternalError } from "../../util/internal-error.ts";
import type { FailureClass } from "../../plan/types.ts";
import { backoffMs } from "./backoff.ts";
import type { UnitCommand } from "./command.ts";
import type { AttemptOutcome } from "./event.ts";
import { MAX_LOST, type StepNode } from "./graph.ts";
import type { Machine } from "./machine.ts";
import { isOpen, type ScopeState, type StepState, type UnitState } from "./state.ts";

/*
 * The life of a unit (a step, or one item of it). Nesting: iteration > stage > attempt.
 *
 *            .-------------------- lost, again -------------------.
 *            v                                                    |
 *   ready -slot-> running -ended-> judging -accept-> succeeded    |
 *     ^           |  |  '--blocked-> blocked -unblocked-> ready   |
 *     |           |  '--entered-> inside -leave, ended-'          |
 *     |           '-failed-> delaying -fired-> ready (next attempt)
 *     |           '-failed for good-> ready (next stage) | failed
 *     '------ judging -reject-> next iteration or stage
 */

/** Failures after which no other stage is tried. */
const FINAL: ReadonlySet<FailureClass> = new Set(["cancelled", "budget", "internal"]);

type FailedOutcome = Extract<AttemptOutcome, { readonly kind: "failed" }>;

/** How an attempt ends that was stopped. */
export const CANCELLED: AttemptOutcome = { kind: "failed", class: "cancelled", retryAfterMs: null };

/** Starts the next item of an open step: it takes a slot, unless it opens a scope. */
export function startUnit(m: Machine, scope: ScopeState, index: number): void {
  const step = m.step(scope, index);
  const unit: UnitState = {
    id: m.state.nextUnit,
    scope: scope.id,
    step: index,
    item: step.nextItem,
    serial: 0,
    iteration: 1,
    stage: 0,
    attempt: 1,
    lost: 0,
    phase: "ready",
    holdsSlot: false,
    continues: false,
    cancelling: false,
    childScope: null,
    verdict: null,
    isRecalled: false,
  };
  m.state.nextUnit += 1;
  m.state.units.set(unit.id, unit);
  step.nextItem += 1;
  step.inFlight += 1;
  if (m.node(scope, index).fan === null) step.live = unit.id;
  else if (step.live instanceof Set) step.live.add(unit.id);
  else step.live = new Set([unit.id]);
  startAttempt(m, unit);
}

/** Gives a ready unit its slot: a new attempt, or the blocked one goes on. */
export function startAttempt(m: Machine, unit: UnitState): void {
  const { node } = at(m, unit);
  unit.phase = "running";
  if (node.childScope === null) {
    unit.holdsSlot = true;
    m.state.heldSlots += 1;
  }
  if (unit.continues) {
    unit.continues = false;
    m.commands.push({ type: "continue", unit: unit.id, serial: unit.serial });
    return;
  }
  unit.serial += 1;
  const { id, serial, scope, step, item, iteration, stage, attempt } = unit;
  m.commands.push({ type: "attempt", unit: id, serial, scope, step, item, iteration, stage, attempt });
}

/** The attempt is over; one that is inside a scope ends when all in that scope has ended too. */
export function endAttempt(m: Machine, unit: UnitState, outcome: AttemptOutcome): void {
  if (!isInFlight(unit)) return;
  const child = unit.childScope === null ? undefined : m.scope(unit.childScope);
  if (child !== undefined && isOpen(child)) {
    unit.verdict ??= outcome;
    m.stops.push({ kind: "scope-stopped", scope: child });
    return;
  }
  if (child !== undefined) m.state.scopes.delete(child.id);
  unit.childScope = null;
  unit.verdict = null;
  unit.continues = false;
  freeSlot(m, unit);
  const { node, step } = at(m, unit);
  if (outcome.kind === "succeeded") {
    if (node.repeat === null && !node.judged) endUnit(m, unit, "succeeded", null, null);
    else {
      unit.phase = "judging";
      m.commands.push({ type: "judge", unit: unit.id, serial: unit.serial });
    }
    return;
  }
  if (unit.cancelling) endCancelled(m, unit, step);
  else if (outcome.kind === "lost") repeatLost(m, unit);
  else if (canRetry(node, unit, outcome)) {
    const delayMs = backoffMs(node.retry, unit.attempt, attemptKey(unit), outcome.retryAfterMs);
    unit.attempt += 1;
    delay(m, unit, delayMs);
  } else if (unit.stage + 1 < node.stages && !FINAL.has(outcome.class)) nextStage(m, unit);
  else if (node.judged && !FINAL.has(outcome.class)) endUnit(m, unit, "failed", "output", "handoff_exhausted");
  else endUnit(m, unit, "failed", outcome.class, null);
}

function canRetry({ retry }: StepNode, { attempt }: UnitState, outcome: FailedOutcome): boolean {
  return outcome.leavesStage !== true && retry.on.has(outcome.class) && attempt < retry.maxAttempts;
}

/** `until` or `accept` was evaluated on a successful attempt. */
export function judge(m: Machine, unit: UnitState, verdict: "accept" | "reject" | "error"): void {
  if (unit.phase !== "judging") return;
  const { node, step } = at(m, unit);
  if (verdict === "accept") endUnit(m, unit, "succeeded", null, null);
  else if (unit.cancelling) endCancelled(m, unit, step);
  else if (verdict === "error") endUnit(m, unit, "failed", "invalid", "judge_error");
  else if (node.repeat === null) {
    if (unit.stage + 1 < node.stages) nextStage(m, unit);
    else endUnit(m, unit, "failed", "output", "handoff_exhausted");
  } else if (unit.iteration < node.repeat.max) {
    unit.iteration += 1;
    unit.stage = 0;
    unit.attempt = 1;
    delay(m, unit, node.repeat.delayMs);
  } else endUnit(m, unit, "failed", "output", "repeat_exhausted");
}

/** Its delay is over. */
export function wake(m: Machine, unit: UnitState): void {
  if (unit.phase === "delaying") makeReady(m, unit);
}

/** It waits for something outside and gives its slot back. */
export function block(m: Machine, unit: UnitState): void {
  if (unit.phase !== "running") return;
  freeSlot(m, unit);
  unit.phase = "blocked";
}

/** What it waited for is there. */
export function unblock(m: Machine, unit: UnitState): void {
  if (unit.phase !== "blocked" || unit.cancelling) return;
  unit.continues = true;
  makeReady(m, unit);
}

/** Stops a unit: at once when nothing of it runs, else when its attempt, or all in its scope, has ended. */
export function cancelUnit(m: Machine, unit: UnitState): void {
  if (unit.cancelling) return;
  unit.cancelling = true;
  if (unit.phase === "judging") return;
  if (unit.phase === "inside") {
    const child = unit.childScope === null ? undefined : m.scope(unit.childScope);
    if (child !== undefined) m.stops.push({ kind: "scope-stopped", scope: child });
    return;
  }
  if (isInFlight(unit)) {
    m.commands.push({ type: "abort", unit: unit.id, serial: unit.serial });
    // An attempt that was about to go on does not: it only has to end.
    if (unit.continues) unit.phase = "blocked";
    unit.continues = false;
    return;
  }
  if (unit.phase === "delaying") m.commands.push({ type: "undelay", unit: unit.id });
  endCancelled(m, unit, at(m, unit).step);
}

/** An attempt of it was started and has not answered `ended`; unblocked, it may still wait for its slot. */
function isInFlight(unit: UnitState): boolean {
  return unit.phase === "running" || unit.phase === "blocked" || unit.phase === "inside" || unit.continues;
}

/** The numbers of the units of a step that are in flight. */
export function liveUnits(step: StepState): readonly number[] {
  if (step.live === null) return [];
  return typeof step.live === "number" ? [step.live] : [...step.live];
}

function nextStage(m: Machine, unit: UnitState): void {
  unit.stage += 1;
  unit.attempt = 1;
  makeReady(m, unit);
}

function repeatLost(m: Machine, unit: UnitState): void {
  unit.lost += 1;
  if (unit.lost > MAX_LOST) endUnit(m, unit, "failed", "internal", "lost_too_often");
  else makeReady(m, unit);
}

function delay(m: Machine, unit: UnitState, delayMs: number): void {
  if (delayMs === 0) {
    makeReady(m, unit);
    return;
  }
  unit.phase = "delaying";
  m.commands.push({ type: "delay", unit: unit.id, serial: unit.serial, delayMs });
}

function makeReady(m: Machine, unit: UnitState): void {
  unit.phase = "ready";
  m.state.resumable.push(unit.id);
}

function freeSlot(m: Machine, unit: UnitState): void {
  if (!unit.holdsSlot) return;
  unit.holdsSlot = false;
  m.state.heldSlots -= 1;
}

/** A killed step has failed; anything else that was stopped is merely cancelled. */
function endCancelled(m: Machine, unit: UnitState, step: StepState): void {
  if (step.killed) endUnit(m, unit, "failed", "cancelled", null);
  else endUnit(m, unit, "cancelled", "cancelled", null);
}

function endUnit(
  m: Machine,
  unit: UnitState,
  status: UnitCommand["status"],
  failureClass: FailureClass | null,
  code: UnitCommand["code"],
): void {
  m.agenda.push({ kind: "unit-ended", unit, end: { status, class: failureClass, code } });
}

function at(m: Machine, unit: UnitState): { readonly node: StepNode; readonly step: StepState } {
  const scope = m.scope(unit.scope);
  if (scope === undefined) throw new InternalError(`unit ${unit.id} lives in a scope that is closed`);
  return { node: m.node(scope, unit.step), step: m.step(scope, unit.step) };
}

function attemptKey(unit: UnitState): string {
  return `${unit.scope}/${unit.step}/${unit.item}/${unit.iteration}/${unit.stage}/${unit.attempt}`;
}
