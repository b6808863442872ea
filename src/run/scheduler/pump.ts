import { admitGuest, isGuest } from "./guest.ts";
import type { Machine } from "./machine.ts";
import type { StepAddress } from "./state.ts";
import { startAttempt, startUnit } from "./unit.ts";
import type { Fifo } from "./fifo.ts";

/**
 * Hands out free slots: first to units and guests that can go on, then to steps inside open scopes, then to new steps,
 * one unit a turn so that no long list keeps the others waiting.
 */
export function pump(m: Machine): void {
  const { state } = m;
  if (state.interrupted || state.phase !== "running") return;
  while (state.heldSlots < m.graph.slots) {
    if (!resumeOne(m) && !startOne(m, state.inner) && !startOne(m, state.ready)) return;
  }
}

function resumeOne(m: Machine): boolean {
  for (let id = m.state.resumable.shift(); id !== undefined; id = m.state.resumable.shift()) {
    if (isGuest(id)) {
      if (admitGuest(m, id)) return true;
      continue;
    }
    const unit = m.state.units.get(id);
    if (unit?.phase !== "ready") continue;
    startAttempt(m, unit);
    return true;
  }
  return false;
}

function startOne(m: Machine, queue: Fifo<StepAddress>): boolean {
  for (let address = queue.shift(); address !== undefined; address = queue.shift()) {
    const scope = m.scope(address.scope);
    if (scope === undefined) continue;
    const step = m.step(scope, address.step);
    step.queued = false;
    if (step.status !== "open" || step.stopping || step.nextItem >= step.items) continue;
    const limit = m.node(scope, address.step).fan?.maxParallel ?? m.graph.slots;
    if (step.inFlight >= limit) continue;
    startUnit(m, scope, address.step);
    if (step.nextItem < step.items && step.inFlight < limit) {
      step.queued = true;
      queue.push(address);
    }
    return true;
  }
  return false;
}
