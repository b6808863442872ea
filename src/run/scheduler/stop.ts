import type { Machine } from "./machine.ts";
import { isTerminal, type ScopeState } from "./state.ts";
import { stopUnits } from "./join.ts";

/** Stops the whole run: what waits is cancelled, what runs is aborted, then `finally` has its turn. */
export function stopRun(m: Machine, as: "cancelled" | "failed"): void {
  if (m.state.cancelledAs !== null) return;
  m.state.cancelledAs = as;
  const root = m.scope(0);
  if (root !== undefined) stopScope(m, root);
}

/** Stops one step, whatever it was doing: failure `cancelled`. A step that is over stays as it is. */
export function killStep(m: Machine, scope: ScopeState, index: number): void {
  const step = m.step(scope, index);
  if (isTerminal(step.status)) return;
  step.killed = true;
  if (step.status === "open") {
    stopUnits(m, scope, index);
    m.agenda.push({ kind: "units-changed", scope, step: index });
  } else {
    m.stepEnds(scope, index, "failed", { class: "cancelled" });
  }
}

/** The body of the scope is given up; its `finally` still runs. Inner scopes are stopped with the units they run in. */
export function stopScope(m: Machine, scope: ScopeState): void {
  if (scope.cancelling) return;
  scope.cancelling = true;
  for (const [index, step] of scope.steps.entries()) {
    if (m.node(scope, index).isFinally) continue;
    if (step.status === "open") {
      stopUnits(m, scope, index);
      m.agenda.push({ kind: "units-changed", scope, step: index });
    } else if (!isTerminal(step.status)) {
      m.stepEnds(scope, index, "cancelled");
    }
  }
}
