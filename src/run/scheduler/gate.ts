import type { GateVerdict } from "./event.ts";
import type { GateStatus } from "../../expression/scope.ts";
import type { Machine } from "./machine.ts";
import type { StepNode } from "./graph.ts";
import type { ScopeState, StepState } from "./state.ts";

/**
 * A need of this step has ended, or its scope was opened. The gate is decided once:
 *
 *   pending --every group holds-----------> gating --run--> open
 *      |                                      |----skip--> skipped (condition)
 *      |                                      '----fail--> failed
 *      '--all needs ended, a group does not--> skipped (upstream, or condition when nothing failed)
 *
 * A step that looks at failures (`whenSettled`) waits for all of its needs and is always asked.
 */
export function considerGate(m: Machine, scope: ScopeState, index: number): void {
  const step = m.step(scope, index);
  if (step.status !== "pending") return;
  const node = m.node(scope, index);
  if (node.isFinally ? scope.openMain > 0 : scope.cancelling) return;
  const success = needsHold(node, step);
  const settled = step.openNeeds === 0;
  if (!(settled || (success && !node.whenSettled))) return;
  if (!success && !node.whenSettled) {
    const cause = step.needFailed ? "upstream" : "condition";
    m.stepEnds(scope, index, "skipped", { cause });
    return;
  }
  if (!node.gated) {
    openStep(m, scope, index, null);
    return;
  }
  step.status = "gating";
  m.commands.push({ type: "gate", scope: scope.id, step: index, status: gateStatus(m, scope, node, step, success) });
}

/** The engine has evaluated `if` and `for_each`. */
export function passGate(m: Machine, scope: ScopeState, index: number, verdict: GateVerdict): void {
  if (m.step(scope, index).status !== "gating") return;
  if (verdict.kind === "run") openStep(m, scope, index, verdict.items);
  else if (verdict.kind === "skip") {
    m.stepEnds(scope, index, "skipped", { cause: "condition" });
  } else {
    m.stepEnds(scope, index, "failed", { class: verdict.class });
  }
}

function needsHold(node: StepNode, step: StepState): boolean {
  return node.needs.every((group, i) => (step.okByGroup[i] ?? 0) >= group.required);
}

/** For `finally` the question is about the whole body (not about its neighbours, whose order is open), for other steps about their needs. */
function gateStatus(m: Machine, scope: ScopeState, node: StepNode, step: StepState, success: boolean): GateStatus {
  if (!node.isFinally) return { success, failure: step.needFailed, cancelled: false };
  // A run that was stopped because it failed (breaker, time limit) was not cancelled.
  const stoppedAs = scope.cancelling ? (m.state.cancelledAs ?? "cancelled") : null;
  const failure = scope.bodyFailed || step.needFailed || stoppedAs === "failed";
  return { success: success && !failure && stoppedAs === null, failure, cancelled: stoppedAs === "cancelled" };
}

/** Its units are the join's to start, or to refuse: an empty list may fail at once. */
function openStep(m: Machine, scope: ScopeState, index: number, items: number | null): void {
  const step = m.step(scope, index);
  step.status = "open";
  step.items = items ?? 1;
  m.agenda.push({ kind: "units-changed", scope, step: index });
}
