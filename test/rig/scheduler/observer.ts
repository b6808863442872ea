import type { AttemptCommand, SchedulerCommand, StepCommand, UnitCommand } from "../../../src/run/scheduler/command.ts";
import type { SchedulerEvent } from "../../../src/run/scheduler/event.ts";
import type { Graph, ScopeGraph } from "../../../src/run/scheduler/graph.ts";
import type { SchedulerState } from "../../../src/run/scheduler/state.ts";
import { checkScope, checkUnits } from "./between.ts";
import { afterJudgement, afterOutcome, firstPosition, mostStarts } from "./rule.ts";
import { must } from "./scheduler.ts";
import * as view from "./view.ts";
import type { ScopeView, StepView, UnitView } from "./view.ts";

/**
 * Hears every event and every command of one epoch, and throws a Violation at the first that breaks one of the
 * invariants 3 to 7 of SEMANTICS.md, or a rule of its "Nesting and attempts" and "Propagation and ends".
 */
export class Observer {
  readonly #graph: Graph;
  readonly #scopes = new Map<number, ScopeView>();
  readonly #units = new Map<number, UnitView>();
  #unitsSeen = 0;
  #interrupted = false;
  #stoppedAs: "cancelled" | "failed" | null = null;
  #failuresInARow = 0;
  #finished = false;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#scopes.set(0, view.scopeView(0, graph.scopes[0] as ScopeGraph, null));
  }

  /** Takes in one event with the commands that followed, and the scheduler's state after it. */
  hear(event: SchedulerEvent, commands: readonly SchedulerCommand[], state: SchedulerState, owed: number): void {
    const wasFinished = this.#finished;
    const isNews = this.#take(event);
    must(isNews || commands.length === 0, `late or repeated '${event.type}' led to ${JSON.stringify(commands)}`);
    const unitsBefore = this.#unitsSeen;
    for (const command of commands) this.#check(command);
    must(!wasFinished || commands.length === 0, "commands after the end of the run");
    const { slots } = this.#graph;
    const units = checkUnits(this.#units.values(), slots, state.heldSlots);
    must(!(units.waiting && this.#unitsSeen > unitsBefore), "new work starts ahead of what can go on");
    if (!this.#finished && !this.#interrupted) {
      must(!(units.slotFree && units.waiting), "a slot is free, and a unit waits for one");
      const rootStarted = commands.some((c) => c.type === "attempt" && c.scope === 0 && c.serial === 1);
      for (const scope of this.#scopes.values()) checkScope(scope, slots, units.slotFree, rootStarted);
    }
    must(this.#finished || this.#interrupted || owed > 0, "stuck: the run is not over, and nothing is in flight");
  }

  /** Whether the event tells anything new. */
  #take(event: SchedulerEvent): boolean {
    if (this.#finished) return false;
    switch (event.type) {
      case "started":
        return (
          this.#unitsSeen === 0 &&
          [...this.#scopes.values()].every((s) => s.steps.every((step) => step.status === "pending"))
        );
      case "interrupt":
        this.#interrupted = true;
        return true;
      case "cancel":
        if (this.#stoppedAs !== null) return false;
        this.#stopRun(event.as);
        return true;
      case "kill": {
        const step = this.#scopes.get(event.scope)?.steps[event.step];
        if (step === undefined || view.isOver(step)) return false;
        step.killed = true;
        return true;
      }
      case "gated": {
        const step = this.#scopes.get(event.scope)?.steps[event.step];
        if (step === undefined || step.status !== "gating" || step.verdict !== null) return false;
        step.verdict = event.verdict;
        if (event.verdict.kind !== "run") return true;
        step.status = "open";
        step.items = event.verdict.items ?? 1;
        return true;
      }
      default: {
        const unit = this.#units.get(event.unit);
        return unit !== undefined && unit.serial === event.serial && this.#takeAnswer(unit, event);
      }
    }
  }

  #takeAnswer(unit: UnitView, event: Extract<SchedulerEvent, { readonly unit: number }>): boolean {
    const { node } = unit.step;
    switch (event.type) {
      case "entered":
        if (unit.mode !== "runs") return false;
        unit.mode = unit.aborted ? "ready" : "inside";
        return true;
      case "blocked":
        if (unit.mode !== "runs") return false;
        unit.mode = "blocked";
        return true;
      case "unblocked":
        if (unit.mode !== "blocked") return false;
        // One that is being stopped does not go on: it only has to end.
        if (!unit.aborted) unit.mode = "parked";
        return true;
      case "joined":
      case "left":
        return false;
      case "ended":
        if (unit.mode === "judging" || unit.mode === "delaying" || unit.mode === "ready" || unit.mode === "closing")
          return false;
        if (event.outcome.kind === "lost") unit.lost += 1;
        unit.next = afterOutcome(node, unit.at, event.outcome, unit.lost);
        if (unit.child !== null && !unit.child.left) {
          unit.mode = "closing";
          unit.child.stopped = true;
        } else this.#turn(unit);
        return true;
      case "judged":
        if (unit.mode !== "judging") return false;
        unit.next = afterJudgement(node, unit.at, event.verdict);
        this.#turn(unit);
        return true;
      case "fired":
        if (unit.mode !== "delaying") return false;
        unit.mode = "ready";
        return true;
    }
  }

  /** An attempt, or its judgement, is over: what comes next follows in the same breath. */
  #turn(unit: UnitView): void {
    if (unit.child !== null) this.#scopes.delete(unit.child.id);
    unit.child = null;
    unit.mode = "ready";
    if (unit.next?.kind === "start" && unit.next.delayMs[1] > 0) unit.mode = "delaying";
    if (unit.next?.kind === "judge") unit.mode = "judging";
  }

  #check(command: SchedulerCommand): void {
    switch (command.type) {
      case "gate":
        this.#checkGate(command);
        return;
      case "attempt":
        this.#checkAttempt(command);
        return;
      case "unit":
        this.#checkUnit(command);
        return;
      case "step":
        this.#checkStep(command);
        return;
      case "finished":
        this.#checkFinished(command.status);
        return;
      case "leave":
        this.#checkLeave(command);
        return;
      default:
    }
    const unit = this.#units.get(command.unit);
    must(unit !== undefined, `${command.type} of a unit that is over`);
    const { mode, next, aborted } = unit;
    switch (command.type) {
      case "enter":
        must(mode === "inside" && unit.child === null, "a scope opens for a unit that did not enter");
        unit.child = view.scopeView(
          command.scope,
          this.#graph.scopes[unit.step.node.childScope ?? -1] as ScopeGraph,
          unit,
        );
        this.#scopes.set(command.scope, unit.child);
        return;
      case "continue":
        must(mode === "parked" && !aborted, "an attempt goes on that was not blocked, or is being stopped");
        unit.mode = "runs";
        return;
      case "abort":
        must(
          ["runs", "blocked", "parked"].includes(mode) && !aborted,
          "abort of what is not in flight, or a second time",
        );
        must(view.isStepStopped(unit.scope, unit.step), "an attempt is stopped without a reason");
        unit.aborted = true;
        // Unblocked a moment ago, it does not go on any more.
        if (mode === "parked") unit.mode = "blocked";
        return;
      case "judge":
        must(mode === "judging" && next?.kind === "judge", "a judgement is asked for that no rule wants");
        unit.next = null;
        return;
      case "delay": {
        must(mode === "delaying" && next?.kind === "start", "a delay that no rule wants");
        const [low, high] = next.delayMs;
        must(
          command.delayMs >= low && command.delayMs <= high,
          `delay of ${command.delayMs} ms, not of ${low} to ${high} ms`,
        );
        return;
      }
      case "undelay":
        must(
          mode === "delaying" && view.isStepStopped(unit.scope, unit.step),
          "a delay is called off without a reason",
        );
        return;
    }
  }

  #checkGate({ scope: id, step: index, status }: Extract<SchedulerCommand, { type: "gate" }>): void {
    const scope = this.#scopes.get(id) as ScopeView;
    const step = scope.steps[index] as StepView;
    must(step.node.gated && step.status === "pending", `gate of step ${index} is asked twice, or needlessly`);
    must(view.isDue(scope, step), `gate of step ${index} is asked too early`);
    const { holds, failure } = view.needsOf(scope, step);
    const stopped = step.node.isFinally && view.isStopped(scope);
    const { isFinally } = step.node;
    const bodyFailed = scope.steps.some((s) => !s.node.isFinally && view.failedUncaught(s));
    const someFailed = failure || (isFinally && bodyFailed) || (stopped && this.#stoppedAs === "failed");
    const expected = {
      success: holds && !stopped && !(isFinally && someFailed),
      failure: someFailed,
      cancelled: stopped && this.#stoppedAs !== "failed",
    };
    must(
      JSON.stringify(status) === JSON.stringify(expected),
      `gate of step ${index} is told ${JSON.stringify(status)}`,
    );
    step.status = "gating";
  }

  #checkAttempt(command: AttemptCommand): void {
    must(!this.#interrupted, "an attempt starts after the interrupt");
    const scope = this.#scopes.get(command.scope) as ScopeView;
    const step = scope.steps[command.step] as StepView;
    const known = this.#units.get(command.unit);
    must(!view.isStepStopped(scope, step), `step ${command.step} starts an attempt though it was stopped`);
    const unit = known ?? this.#newUnit(command, scope, step);
    must(unit.mode === "ready" && unit.next?.kind === "start", "an attempt starts while its unit does something else");
    const { at } = unit.next;
    const { iteration, stage, attempt } = command;
    must(
      iteration === at.iteration && stage === at.stage && attempt === at.attempt,
      `round ${iteration} stage ${stage} try ${attempt} starts instead of round ${at.iteration} stage ${at.stage} try ${at.attempt}`,
    );
    unit.serial += 1;
    must(command.serial === unit.serial && command.item === unit.item, "the attempt names another unit's numbers");
    unit.at = at;
    unit.mode = "runs";
    unit.next = null;
    unit.starts += 1;
    must(
      unit.starts <= mostStarts(step.node) + unit.lost,
      "more starts than iterations x stages x max_attempts + lost",
    );
  }

  #newUnit(command: AttemptCommand, scope: ScopeView, step: StepView): UnitView {
    if (step.status === "pending" && !step.node.gated) {
      must(view.isDue(scope, step), `step ${step.index} starts before its needs hold`);
      step.status = "open";
    }
    must(step.status === "open", `step ${step.index} starts though it is ${step.status}`);
    must(command.item === step.started && step.started < step.items, `item ${command.item} starts out of turn`);
    must(view.hasRoom(step, this.#graph.slots), `more than max_parallel units of step ${step.index}`);
    const unit: UnitView = {
      id: command.unit,
      scope,
      step,
      item: command.item,
      serial: 0,
      at: firstPosition,
      mode: "ready",
      next: { kind: "start", at: firstPosition, delayMs: [0, 0] },
      aborted: false,
      starts: 0,
      lost: 0,
      child: null,
    };
    this.#units.set(unit.id, unit);
    this.#unitsSeen += 1;
    step.started += 1;
    step.live.add(unit);
    return unit;
  }

  #checkUnit(command: UnitCommand): void {
    const unit = this.#units.get(command.unit);
    must(unit !== undefined, "a second end of one unit");
    const { step, scope } = unit;
    const { next } = unit;
    const stopped = view.isStepStopped(scope, step);
    const isInFlight = unit.mode === "runs" || unit.mode === "blocked" || unit.mode === "parked";
    must(!isInFlight, "a unit ends while its attempt is in flight");
    must(unit.child === null || unit.child.steps.every(view.isOver), "a unit ends before the steps inside it");
    if (!stopped) {
      must(next?.kind === "end", "a unit ends though the rules go on");
      must(
        command.status === next.status && command.code === next.code,
        `a unit ends ${command.status} ${command.code}`,
      );
    } else if (next?.kind === "end" && next.status === "succeeded")
      must(command.status === "succeeded", "a success is lost");
    else must(command.status === (step.killed ? "failed" : "cancelled"), `a stopped unit ends ${command.status}`);
    if (unit.child !== null) this.#scopes.delete(unit.child.id);
    this.#units.delete(unit.id);
    step.live.delete(unit);
    if (command.status === "succeeded") {
      step.winner ??= unit.item;
      this.#failuresInARow = 0;
    } else if (command.status === "failed") {
      this.#failuresInARow += 1;
      if (!stopped && next?.kind === "end" && next.class === "budget") step.failedForBudget = true;
    }
    step[command.status] += 1;
    const { breakerFailures } = this.#graph;
    if (breakerFailures !== null && this.#failuresInARow >= breakerFailures && this.#stoppedAs === null)
      this.#stopRun("failed");
  }

  #checkStep(command: StepCommand): void {
    const scope = this.#scopes.get(command.scope) as ScopeView;
    const step = scope.steps[command.step] as StepView;
    must(!view.isOver(step), `a second end of step ${command.step}`);
    must(step.live.size === 0, `step ${command.step} ends before its units`);
    const expected = this.#expectedEnd(scope, step);
    must(command.status === expected, `step ${command.step} ends ${command.status}, not ${expected}`);
    if (command.status === "skipped") {
      const own = step.status === "gating" || !view.needsOf(scope, step).failure;
      must(command.cause === (own ? "condition" : "upstream"), `step ${command.step} is skipped (${command.cause})`);
    } else must(command.cause === null, "a cause without a skip");
    const isFailed = command.status === "failed";
    must(isFailed === (command.class !== null), "a class without a failure, or a failure without one");
    if (isFailed && step.killed) must(command.class === "cancelled", "a killed step fails `cancelled`");
    else if (isFailed && step.failedForBudget) must(command.class === "budget", "lack of budget must show");
    must(
      command.caught === (isFailed && step.node.caught && command.class !== "budget"),
      `step ${command.step}: on_error is mistaken`,
    );
    must(
      command.winner === (step.node.fan?.join.kind === "any" ? step.winner : null),
      `step ${command.step}: wrong winner`,
    );
    step.status = command.status;
    step.caught = command.caught;
    step.cause = command.cause;
    if (scope.parent?.mode === "closing" && scope.steps.every(view.isOver)) this.#turn(scope.parent);
  }

  #expectedEnd(scope: ScopeView, step: StepView): StepCommand["status"] {
    const stopped = !step.node.isFinally && view.isStopped(scope);
    if (step.killed) return "failed";
    if (step.status === "open" || step.started > 0) {
      const all = step.succeeded + step.failed + step.cancelled === step.items;
      must(all || view.isStepStopped(scope, step), `step ${step.index} ends with items left`);
      if (view.holds(step)) return "succeeded";
      return stopped && view.couldHold(step) ? "cancelled" : "failed";
    }
    if (step.verdict !== null && !stopped) return step.verdict.kind === "skip" ? "skipped" : "failed";
    if (stopped) return "cancelled";
    const { holds, settled } = view.needsOf(scope, step);
    must(
      step.status === "pending" && settled && !holds && !step.node.whenSettled,
      `step ${step.index} is skipped too early`,
    );
    return "skipped";
  }

  #checkLeave(command: Extract<SchedulerCommand, { type: "leave" }>): void {
    const unit = this.#units.get(command.unit);
    const scope = unit?.child;
    must(
      scope !== undefined && scope !== null && scope.id === command.scope && !scope.left,
      "leave of a scope that is not open",
    );
    must(scope.steps.every(view.isOver), "leave before all steps inside have ended");
    must(!scope.steps.some((step) => step.status === "cancelled"), "leave of a scope that was stopped");
    must(command.failed === scope.steps.some(view.failedUncaught), "leave is mistaken about the failures inside");
    scope.left = true;
  }

  #checkFinished(status: string): void {
    const root = this.#scopes.get(0) as ScopeView;
    must(!this.#finished, "a second end of the run");
    must(root.steps.every(view.isOver) && this.#units.size === 0, "the run ends before its steps");
    const failed = root.steps.some(view.failedUncaught);
    must(status === (this.#stoppedAs ?? (failed ? "failed" : "succeeded")), `the run ends ${status}`);
    this.#finished = true;
  }

  #stopRun(as: "cancelled" | "failed"): void {
    this.#stoppedAs = as;
    (this.#scopes.get(0) as ScopeView).stopped = true;
  }
}
