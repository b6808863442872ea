import { must } from "./scheduler.ts";
import * as view from "./view.ts";
import type { ScopeView, UnitView } from "./view.ts";

/*
 * What must be true of a run between two events: everything that follows was told, slots are held by what runs and
 * by nothing else, and no slot is free while something could use it.
 */

/** Checks the units in flight; tells whether one waits for a slot, and whether a slot is free. */
export function checkUnits(
  units: Iterable<UnitView>,
  slots: number,
  heldSlots: number,
): { readonly waiting: boolean; readonly slotFree: boolean } {
  let running = 0;
  let waiting = false;
  for (const unit of units) {
    const { mode, next } = unit;
    if (mode === "runs" && unit.step.node.childScope === null) running += 1;
    if (mode === "parked" || mode === "ready") waiting = true;
    must(next?.kind !== "end" || mode === "closing", "a unit is over, and nobody was told");
    must(next?.kind !== "judge" || mode === "closing", "a success was not judged");
    if (view.isStepStopped(unit.scope, unit.step)) checkStopped(unit);
  }
  must(running === heldSlots, `${heldSlots} slots are held, and ${running} attempts run`);
  must(running <= slots, "more attempts run than there are slots");
  return { waiting, slotFree: running < slots };
}

function checkStopped({ mode, aborted }: UnitView): void {
  must(mode !== "ready" && mode !== "delaying", "a stopped unit waits for its turn");
  must(aborted || (mode !== "runs" && mode !== "blocked" && mode !== "parked"), "what must be stopped runs on");
}

/** Checks the steps of an open scope that are not over: gates asked, and nothing left that could start. */
export function checkScope(scope: ScopeView, slots: number, slotFree: boolean, rootStarted: boolean): void {
  for (const step of scope.steps) {
    if (view.isOver(step)) continue;
    const due = step.status === "pending" && view.isDue(scope, step);
    must(!(due && step.node.gated), `the gate of step ${step.index} is not asked`);
    const mayStart = (due || step.status === "open") && !view.isStepStopped(scope, step) && view.hasRoom(step, slots);
    if (!mayStart) continue;
    must(!slotFree, `a slot is free, and step ${step.index} has units to start`);
    must(!(rootStarted && scope.parent !== null), "a new step starts ahead of what was begun");
  }
}
