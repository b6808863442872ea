import { unreachable } from "../../util/internal-error.ts";
import type { SchedulerCommand } from "./command.ts";
import type { SchedulerEvent } from "./event.ts";
import { considerGate, passGate } from "./gate.ts";
import type { Graph } from "./graph.ts";
import { answerGuest, isGuest } from "./guest.ts";
import { considerJoin, countUnit } from "./join.ts";
import { Machine, type Consequence } from "./machine.ts";
import { pump } from "./pump.ts";
import { endStep, openScope, startScope } from "./scope.ts";
import { isTerminal, type SchedulerState } from "./state.ts";
import { killStep, stopRun, stopScope } from "./stop.ts";
import { block, CANCELLED, endAttempt, judge, unblock, wake } from "./unit.ts";

/**
 * The scheduler: tells what follows from an event, and changes `state` accordingly. Pure but for `state`:
 * no I/O, clock, randomness or values. Equal graphs and events give equal states and commands.
 * Costs O(events + edges) over a whole run. Answers that come late or twice change nothing.
 */
export function apply(graph: Graph, state: SchedulerState, event: SchedulerEvent): readonly SchedulerCommand[] {
  const m = new Machine(graph, state);
  if (state.phase === "closed") return m.commands;
  begin(m, event);
  for (let next = m.next(); next !== undefined; next = m.next()) follow(m, next);
  pump(m);
  return m.commands;
}

function begin(m: Machine, event: SchedulerEvent): void {
  switch (event.type) {
    case "started":
      if (m.state.phase !== "idle") return;
      m.state.phase = "running";
      openScope(m, 0, null);
      return;
    case "gated": {
      const scope = m.scope(event.scope);
      if (scope !== undefined) passGate(m, scope, event.step, event.verdict);
      return;
    }
    case "kill": {
      const scope = m.scope(event.scope);
      if (scope !== undefined) killStep(m, scope, event.step);
      return;
    }
    case "cancel":
      stopRun(m, event.as);
      return;
    case "interrupt":
      m.state.interrupted = true;
      return;
    default:
      answer(m, event);
  }
}

type Answer = Extract<SchedulerEvent, { readonly unit: number }>;

function answer(m: Machine, event: Answer): void {
  if (isGuest(event.unit)) return answerGuest(m, event);
  const unit = m.answering(event);
  if (unit === undefined) return;
  switch (event.type) {
    case "ended":
      unit.isRecalled = event.isRecalled === true;
      endAttempt(m, unit, event.outcome);
      return;
    case "entered": {
      const scope = m.scope(unit.scope);
      const child = scope === undefined ? null : m.node(scope, unit.step).childScope;
      if (child === null || unit.phase !== "running") return;
      if (unit.cancelling) {
        endAttempt(m, unit, CANCELLED);
        return;
      }
      unit.phase = "inside";
      unit.childScope = m.state.nextScope;
      m.commands.push({ type: "enter", unit: unit.id, scope: unit.childScope });
      openScope(m, child, unit.id);
      return;
    }
    case "judged":
      judge(m, unit, event.verdict);
      return;
    case "fired":
      wake(m, unit);
      return;
    case "blocked":
      block(m, unit);
      return;
    case "unblocked":
      unblock(m, unit);
      return;
    case "joined":
    case "left":
      return;
    default:
      unreachable(event, "scheduler event");
  }
}

function follow(m: Machine, next: Consequence): void {
  switch (next.kind) {
    case "scope-opened":
      startScope(m, next.scope);
      return;
    case "needs-changed":
      considerGate(m, next.scope, next.step);
      return;
    case "unit-ended":
      countUnit(m, next.unit, next.end);
      return;
    case "units-changed":
      considerJoin(m, next.scope, next.step);
      return;
    case "step-ended":
      if (!isTerminal(m.step(next.scope, next.step).status)) endStep(m, next.scope, next.step, next.end);
      return;
    case "scope-stopped":
      stopScope(m, next.scope);
      return;
    case "run-stopped":
      stopRun(m, next.as);
      return;
    default:
      unreachable(next, "consequence");
  }
}
