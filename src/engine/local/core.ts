import type { Evaluator } from "../../expression/evaluate.ts";
import type { PlannedStep, StepKind } from "../../plan/types.ts";
import { attemptKey, callKey, unitKey } from "../../run/attempt-key.ts";
import { pureFact, type Fact } from "../../run/fact.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { fingerprint, fingerprintChange } from "../../run/fingerprint.ts";
import { apply } from "../../run/scheduler/apply.ts";
import type { AttemptCommand, SchedulerCommand, StepCommand } from "../../run/scheduler/command.ts";
import type { SchedulerEvent } from "../../run/scheduler/event.ts";
import { Fifo } from "../../run/scheduler/fifo.ts";
import type { Graph } from "../../run/scheduler/graph.ts";
import { graphOf } from "../../run/scheduler/plan-graph.ts";
import { initialState, type SchedulerState } from "../../run/scheduler/state.ts";
import { addSpend, type RunInfo, type ScopeRecord } from "../../run/state.ts";
import type { ReadValue } from "../../run/step-value.ts";
import type { ValueRef } from "../../run/value-ref.ts";
import { sha256 } from "../../util/digest.ts";
import { formatDuration } from "../../util/duration.ts";
import { InternalError } from "../../util/internal-error.ts";
import type { Json, JsonObject } from "../../util/json.ts";
import { err, ok, type Result } from "../../util/result.ts";
import type { SchemaCheck } from "../../util/schema-check.ts";
import { expressionFailure } from "../step/expression-failure.ts";
import type { AttemptResult, StepHandler } from "../step/handler.ts";
import { valueAt, type Values } from "./context.ts";
import type { FactIndex } from "./fact-index.ts";
import { runFailure } from "./failing.ts";
import { Gates } from "./gates.ts";
import { Ledger } from "./ledger.ts";
import { enterWorkflow, type Entry } from "./scope-entry.ts";
import { ScopeView, type Outside } from "./scope-view.ts";
import type { RunEnding, Sink, Start, StartReason } from "./sink.ts";
import { pathsOf, type StepRead } from "./step-read.ts";
import type { Task, UnitWork } from "./unit-work.ts";

export interface CoreOptions {
  readonly info: RunInfo;
  /** `inputs`, `env`, `run`: frozen at the first start. */
  readonly base: Values;
  /** `env` of the workflow with its secrets, for processes. */
  readonly workflowEnv: { readonly [name: string]: string };
  readonly secrets: { readonly [name: string]: string };
  readonly facts: FactIndex;
  /** Kinds that do something; groups and sub-workflows are the core's own. */
  readonly handlers: { readonly [kind in Exclude<StepKind, "steps" | "uses">]: StepHandler };
  readonly evaluator: Evaluator;
  readonly check: SchemaCheck;
  /** Files of the workspace that match a pattern, relative to it, with `/`, sorted. */
  readonly glob: (pattern: string) => Result<readonly string[], string>;
  readonly read: ReadValue;
  /** Makes a value storable; large ones go to the blob store at once. */
  readonly keep: (value: Json) => ValueRef;
  readonly now: () => number;
  readonly sink: Sink;
  /** Attempts at once; default: the plan's. */
  readonly slots?: number;
}

/** What an attempt or a model call cost. */
type Spent = Pick<Fact, "model" | "usage" | "costUsd">;

/** Who is answered: a unit, and which start of it. */
type Answered = Pick<AttemptCommand, "unit" | "serial">;

/**
 * The run without its waiting: holds scheduler, values and records together, answers what can be answered at once
 * (expressions, recorded facts, pure values), and hands the rest to the sink. No I/O, no promises: what it decides
 * depends only on the plan, the facts and the order of the answers.
 *
 *   post(event) -> queue -> drain: scheduler -> commands -> records, events, facts, starts -> sink
 *                             ^---- answers that are known at once ----'
 */
export class RunCore {
  /** The failure of a run that was stopped as a whole; null = the first step that failed says why. */
  stopFailure: Failure | null = null;
  readonly #o: CoreOptions;
  readonly #ledger: Ledger;
  readonly #gates: Gates;
  readonly #graph: Graph;
  readonly #state: SchedulerState = initialState();
  readonly #queue = new Fifo<SchedulerEvent>();
  readonly #root: ScopeView;
  /** Open scopes by the scheduler's number; 0 is the workflow. */
  readonly #scopes = new Map<number, ScopeView>();
  readonly #reads = new Map<PlannedStep, StepRead>();
  readonly #units = new Map<number, UnitWork>();
  /** What the scopes that are about to open start with, by unit. */
  readonly #entries = new Map<number, Entry>();

  constructor(options: CoreOptions) {
    const { info, base, read, slots, sink, now, evaluator, facts, glob, workflowEnv, secrets } = options;
    this.#o = options;
    this.#graph = graphOf(info.plan, slots);
    this.#root = this.#openView(0, 0, { base, workflowEnv, secrets }, null, "", "");
    this.#ledger = new Ledger({ now, event: (event) => sink.event(event) });
    this.#gates = new Gates({
      evaluator,
      facts,
      glob,
      now,
      readValue: read,
      remember: (fact) => this.#remember(fact),
      answer: ({ scope, step }, verdict) => this.post({ type: "gated", scope, step, verdict }),
    });
  }

  get record(): ScopeRecord {
    return this.#root.record;
  }

  /** Adds an event for the scheduler; `drain` works on it. */
  post(event: SchedulerEvent): void {
    this.#queue.push(event);
  }

  /** Works on what was posted, at most `limit` events; true when more is left. */
  drain(limit: number): boolean {
    for (let i = 0; i < limit; i += 1) {
      const event = this.#queue.shift();
      if (event === undefined) return false;
      for (const command of apply(this.#graph, this.#state, event)) this.#carryOut(command);
    }
    return this.#queue.size > 0;
  }

  /** Stops one step by its path, as `muster kill` does; false when no open scope has it. */
  kill(path: string): boolean {
    for (const [scope, view] of this.#scopes) {
      const step = view.record.steps.findIndex((record) => record.path === path);
      if (step < 0) continue;
      this.post({ type: "kill", scope, step });
      return true;
    }
    return false;
  }

  /** An attempt that was started has ended. What it paid for is kept, even when nobody waits for it any more. */
  settle(start: Start, result: AttemptResult): void {
    const { facts, now, keep } = this.#o;
    const started = facts.find(start.key, start.fingerprint);
    if (started === null) throw new InternalError(`attempt ${start.key} ended without a start`);
    const endedAt = now();
    const { extra, model, usage, costUsd } = result;
    const spent = { extra, model, usage, costUsd };
    const unit = this.#units.get(start.unit);
    const isAwaited = unit?.key === start.key;
    if (isAwaited) addSpend(unit.record, spent);
    const wrong = result.ok ? batchFailure(start, unit, result.output) : result.failure;
    if (result.ok && wrong === null) {
      const output = keep(result.output);
      this.#remember({ ...started, ...spent, state: "succeeded", endedAt, output });
      if (isAwaited) this.#succeed(start, unit, output, extra, endedAt);
    } else if (wrong?.class === "cancelled") {
      // It has no outcome: as after a crash, a resume starts it again, or says that its outcome is unknown.
      if (usage !== null) this.#remember({ ...started, ...spent });
      if (isAwaited) this.#fail(start, unit, wrong, extra, endedAt);
    } else if (wrong !== null) {
      this.#remember({ ...started, ...spent, state: "failed", endedAt, failure: wrong });
      if (!isAwaited) return;
      this.#ledger.attemptFailed(start, unit, wrong);
      this.#fail(start, unit, wrong, extra, endedAt);
    }
  }

  /** The timeout of a group or sub-workflow is over. */
  expire(answered: Answered): void {
    const unit = this.#units.get(answered.unit);
    if (unit === undefined || unit.inside === null || unit.task === null) return;
    const after = formatDuration(unit.task.step.timeoutMs ?? 0);
    this.#fail(answered, unit, failure("timeout", "timeout", `'${unit.record.path}' did not end within ${after}`), null, this.#o.now());
  }

  /** Records a finished model call inside an attempt, so that it is never paid again. */
  recordCall(start: Start, n: number, requestDigest: string, reply: Json, spent: Spent): void {
    this.#remember({ ...pureFact(callKey(start.key, n), requestDigest, this.#o.keep(reply), this.#o.now()), ...spent });
    const unit = this.#units.get(start.unit);
    if (unit !== undefined) addSpend(unit.record, spent);
  }

  /** The recorded reply to a model call inside an attempt, or null. */
  recallCall(start: Start, n: number, requestDigest: string): Json | null {
    const fact = this.#o.facts.find(callKey(start.key, n), requestDigest);
    if (fact === null || fact.output === null) return null;
    const unit = this.#units.get(start.unit);
    if (unit !== undefined) addSpend(unit.record, fact);
    return this.#o.read(fact.output);
  }

  #carryOut(command: SchedulerCommand): void {
    const { sink, now } = this.#o;
    switch (command.type) {
      case "gate":
        this.#gates.open({ view: this.#view(command.scope), command });
        return;
      case "attempt":
        this.#attempt(command);
        return;
      case "abort":
        sink.abort(command.unit, command.serial);
        return;
      case "delay": {
        const unit = this.#units.get(command.unit);
        this.#ledger.tellAttempt(unit, command.delayMs);
        // From the end of the attempt on, which may lie before a crash.
        sink.delay(command.unit, command.serial, (unit?.endedAt ?? now()) + command.delayMs);
        return;
      }
      case "undelay":
        sink.undelay(command.unit);
        return;
      case "judge":
        this.#judge(command);
        return;
      case "enter":
        this.#enter(command.unit, command.scope);
        return;
      case "leave":
        this.#leave(command, command.failed);
        return;
      case "unit":
        this.#ledger.unitEnded(command, this.#units.get(command.unit), this.#view(command.scope).stepRecord(command.step));
        this.#closeInside(this.#units.get(command.unit), command.unit);
        this.#units.delete(command.unit);
        return;
      case "step":
        this.#stepEnded(command);
        return;
      case "finished":
        sink.finished(this.#ending(command.status));
        return;
      case "continue":
        throw new InternalError("no attempt of this version is blocked and goes on");
    }
  }

  // ---- attempts

  #attempt(command: AttemptCommand): void {
    const unit = this.#units.get(command.unit) ?? this.#openUnit(command);
    const task = this.#taskOf(unit, command);
    if (task.refused !== null) {
      // A unit whose values cannot be made never starts: it fails the same way every time.
      this.#ledger.stepStarted(unit.record);
      this.#fail(command, unit, task.refused, null, this.#o.now());
    } else if (task.work === null) this.#attemptInside(command, unit, task);
    else if (task.work.kind === "now") {
      this.#ledger.stepStarted(unit.record);
      this.#ledger.countAttempt(unit);
      this.#succeed(command, unit, this.#o.keep(task.work.output), null, this.#o.now());
    } else this.#attemptLater(command, unit, task, task.work);
  }

  #openUnit({ unit: id, scope, step: index, item: position }: AttemptCommand): UnitWork {
    const view = this.#view(scope);
    const record = view.stepRecord(index);
    const item = record.items === null ? null : { index: position, record: view.itemRecord(index, position) };
    const name = unitKey(view.keyPrefix, record.id, item === null ? null : this.#gates.itemName(record, position));
    const unit: UnitWork = {
      view, index, record, item, name, task: null, key: "", failure: null, output: null, previous: null,
      endedAt: null, isRecalled: false, untold: null, inside: null,
    };
    this.#units.set(id, unit);
    return unit;
  }

  /** What the unit does in this iteration and stage: resolved once for all attempts of it. */
  #taskOf(unit: UnitWork, { iteration, stage, item: position }: AttemptCommand): Task {
    const before = unit.task;
    if (before !== null && before.iteration === iteration && before.stage === stage) return before;
    // A new round starts afresh but for `previous`: what the round, or the stage before, came to.
    if (before !== null) unit.previous = unit.output;
    const { info, handlers, evaluator, read: readValue } = this.#o;
    const { view, index } = unit;
    const step = stageOf(view.step(index), stage);
    const read = view.read(index);
    const previous = step.repeat === null && step.fallback.length === 0 ? {} : { previous: unit.previous === null ? null : readValue(unit.previous) };
    const entry = unit.item === null || step.fan === null ? {} : { [step.fan.variable]: unit.item.record.item, index: position };
    const variables = { ...entry, ...previous };
    const values = view.values(read.body, index, variables);
    const print = fingerprint(read.staticDigest, read.body.map((name) => [name.join("."), valueAt(values, name)]));
    const identity = `${info.runId}/${unit.name}/${iteration}.${stage}/${print}`;
    const prepared =
      step.body.kind === "steps" || step.body.kind === "uses"
        ? ok(null)
        : handlers[step.body.kind].prepare(step, {
            plan: info.plan,
            evaluator,
            values: read.secrets ? { ...values, secrets: view.secrets } : values,
            workflowEnv: view.workflowEnv,
            unit: unit.item === null ? null : unit.item.index,
          });
    unit.task = {
      iteration,
      stage,
      step,
      variables,
      work: prepared.ok ? prepared.value : null,
      refused: prepared.ok ? null : prepared.error,
      fingerprint: print,
      idempotencyKey: sha256(identity).slice(0, 32),
    };
    return unit.task;
  }

  /** An attempt with effects: a fact answers, or it was lost, or it starts. */
  #attemptLater(command: AttemptCommand, unit: UnitWork, task: Task, work: Start["work"]): void {
    const { facts, now } = this.#o;
    unit.key = attemptKey(unit.name, command);
    const fact = facts.find(unit.key, task.fingerprint);
    const start: Start = {
      unit: command.unit, serial: command.serial, step: task.step, path: unit.record.path, since: fact?.startedAt ?? now(),
      item: unit.item?.index ?? null, attempt: command.attempt, key: unit.key, fingerprint: task.fingerprint,
      idempotencyKey: task.idempotencyKey, work, reason: this.#reason(command.attempt, unit, task, fact),
    };
    this.#ledger.countAttempt(unit);
    if (fact === null) this.#start(start, unit, 1);
    else if (fact.state !== "started") this.#recall(start, unit, fact);
    else if (!facts.takeLost(fact)) this.#start(start, unit, fact.starts + 1);
    else if (task.step.effect === "unsafe") this.#outcomeUnknown(start, unit, fact);
    else this.post({ type: "ended", unit: start.unit, serial: start.serial, outcome: { kind: "lost" } });
  }

  #start(start: Start, unit: UnitWork, starts: number): void {
    this.#ledger.tellAttempt(unit, 0);
    this.#ledger.stepStarted(unit.record);
    unit.endedAt = null;
    unit.isRecalled = false;
    this.#remember({
      key: start.key, fingerprint: start.fingerprint, state: "started", starts, startedAt: start.work.isWaiting ? start.since : this.#o.now(),
      endedAt: null, output: null, extra: null, failure: null, model: null, usage: null, costUsd: null,
    });
    this.#ledger.attemptStarted(start, unit);
    this.#o.sink.start(start);
    // What waits for something outside holds no slot.
    if (start.work.isWaiting) this.post({ type: "blocked", unit: start.unit, serial: start.serial });
  }

  /** A recorded outcome answers: nothing is started, nothing is paid. */
  #recall(start: Start, unit: UnitWork, fact: Fact): void {
    unit.isRecalled = true;
    this.#ledger.recalled(start, unit, fact);
    addSpend(unit.record, fact);
    for (let n = 1; ; n += 1) {
      const calls = this.#o.facts.all(callKey(fact.key, n));
      if (calls.length === 0) break;
      for (const call of calls) addSpend(unit.record, call);
    }
    const endedAt = fact.endedAt ?? fact.startedAt;
    if (fact.state === "succeeded") this.#succeed(start, unit, fact.output as ValueRef, fact.extra, endedAt);
    else this.#fail(start, unit, fact.failure as Failure, fact.extra, endedAt);
  }

  #outcomeUnknown(start: Start, unit: UnitWork, fact: Fact): void {
    const at = this.#o.now();
    const why = failure(
      "internal",
      "outcome_unknown",
      `'${start.path}' was running when its runner stopped: nobody knows whether it took effect, so it is not repeated`,
      {
        help: `see what it did; to run it again: muster resume ${this.#o.info.runId} --rerun ${start.path}; a step that may be repeated says 'idempotent: true'`,
      },
    );
    this.#remember({ ...fact, state: "failed", endedAt: at, failure: why });
    this.#ledger.stepStarted(unit.record);
    this.#fail(start, unit, why, null, at);
  }

  #succeed(answered: Answered, unit: UnitWork, output: ValueRef, extra: Fact["extra"], endedAt: number): void {
    this.#ledger.keepOutput(unit, output, extra, endedAt);
    this.post({ type: "ended", unit: answered.unit, serial: answered.serial, outcome: { kind: "succeeded" } });
  }

  #fail(answered: Answered, unit: UnitWork, why: Failure, extra: Fact["extra"], endedAt: number): void {
    this.#ledger.keepFailure(unit, why, extra, endedAt);
    const outcome = { kind: "failed", class: why.class, retryAfterMs: why.retryAfterMs } as const;
    this.post({ type: "ended", unit: answered.unit, serial: answered.serial, outcome });
  }

  /** `until` on the output of a round. */
  #judge(command: Extract<SchedulerCommand, { type: "judge" }>): void {
    const unit = this.#units.get(command.unit);
    if (unit === undefined || unit.task === null || unit.output === null) throw new InternalError("a round without an output is judged");
    const { until, untilPaths } = unit.view.read(unit.index);
    if (until === null) throw new InternalError(`'${unit.record.path}' has nothing to be judged by`);
    this.#ledger.roundEnded(unit, unit.output);
    const variables = { ...unit.task.variables, output: this.#o.read(unit.output) };
    const verdict = this.#o.evaluator.evaluate(until, unit.view.values(untilPaths, unit.index, variables));
    const answer = (is: "accept" | "reject" | "error"): void => this.post({ type: "judged", unit: command.unit, serial: command.serial, verdict: is });
    if (verdict.ok && typeof verdict.value === "boolean") return answer(verdict.value ? "accept" : "reject");
    const problem = verdict.ok ? { code: "not_boolean", message: `it gives ${JSON.stringify(verdict.value).slice(0, 100)}, not true or false` } : verdict.error;
    this.#ledger.keepFailure(unit, expressionFailure("until", unit.record.path, problem), null, this.#o.now());
    answer("error");
  }

  /** Why no recorded outcome answers this attempt. */
  #reason(attempt: number, unit: UnitWork, task: Task, fact: Fact | null): StartReason {
    if (fact !== null) return "lost";
    if (attempt > 1) return "retry";
    const before = this.#o.facts.all(unit.key).at(-1);
    if (before === undefined) return "new";
    return fingerprintChange(before.fingerprint, task.fingerprint) === "step" ? "step_changed" : "values_changed";
  }

  #remember(fact: Fact): void {
    this.#o.facts.put(fact);
    this.#o.sink.fact(fact);
  }

  // ---- scopes

  #view(scope: number): ScopeView {
    const view = this.#scopes.get(scope);
    if (view === undefined) throw new InternalError(`scope ${scope} is not open`);
    return view;
  }

  #openView(
    id: number,
    scope: number,
    entry: Entry,
    outside: Outside | null,
    keyPrefix: string,
    pathPrefix: string,
  ): ScopeView {
    const { base, workflowEnv, secrets } = entry;
    const { info, read } = this.#o;
    const view = new ScopeView({ id, plan: info.plan, scope, base, workflowEnv, secrets, outside, keyPrefix, pathPrefix, read, reads: this.#reads });
    this.#scopes.set(id, view);
    return view;
  }

  /** An attempt of a group or sub-workflow: what is passed to it must be there before its steps are. */
  #attemptInside(command: AttemptCommand, unit: UnitWork, task: Task): void {
    this.#closeInside(unit, command.unit);
    unit.key = attemptKey(unit.name, command);
    this.#ledger.tellAttempt(unit, 0);
    this.#ledger.countAttempt(unit);
    this.#ledger.stepStarted(unit.record);
    if (unit.item !== null) unit.item.record.status = "running";
    const entry = this.#entryOf(unit, task);
    if (!entry.ok) {
      this.#fail(command, unit, entry.error, null, this.#o.now());
      return;
    }
    this.#entries.set(command.unit, entry.value);
    if (task.step.timeoutMs !== null) this.#o.sink.limit(command.unit, command.serial, task.step.timeoutMs);
    this.post({ type: "entered", unit: command.unit, serial: command.serial });
  }

  #entryOf({ view, index }: UnitWork, { step, variables }: Task): Result<Entry, Failure> {
    const { body } = step;
    if (body.kind !== "uses") return ok(view);
    const child = this.#o.info.plan.scopes[body.scope]?.workflow;
    if (child === undefined || child === null) throw new InternalError(`'${step.id}' uses a scope that is no workflow`);
    const { evaluator, check } = this.#o;
    const values = view.values(view.read(index).body, index, variables);
    return enterWorkflow(step.id, body, child, values, { evaluator, check, secrets: view.secrets });
  }

  #enter(id: number, scope: number): void {
    const unit = this.#units.get(id);
    const entry = this.#entries.get(id);
    if (unit === undefined || unit.task === null || entry === undefined) throw new InternalError(`scope ${scope} opens in a unit that is gone`);
    this.#entries.delete(id);
    const { body } = unit.task.step;
    if (body.kind !== "steps" && body.kind !== "uses") throw new InternalError(`'${unit.record.path}' has no scope`);
    const outside: Outside = { view: unit.view, variables: unit.task.variables, isSeen: body.kind === "steps" };
    const path = unit.item === null ? unit.record.path : `${unit.record.path}[${unit.item.index}]`;
    unit.inside = this.#openView(scope, body.scope, entry, outside, `${unit.key}/`, `${path}/`);
    if (unit.item === null) unit.record.inner = unit.inside.record;
    else unit.item.record.inner = unit.inside.record;
  }

  /** All steps inside have ended. */
  #leave(answered: Answered, isFailed: boolean): void {
    const unit = this.#units.get(answered.unit);
    if (unit === undefined || unit.inside === null) throw new InternalError("a scope is left that nobody is in");
    this.#o.sink.unlimit(answered.unit);
    const at = this.#o.now();
    const outputs = isFailed ? err(runFailure(unit.inside.record) ?? failure("internal", "bug", "a scope failed without a reason")) : this.#outputs(unit.inside);
    if (outputs.ok) this.#succeed(answered, unit, this.#o.keep(outputs.value), null, at);
    else this.#fail(answered, unit, outputs.error, null, at);
  }

  #closeInside(unit: UnitWork | undefined, id: number): void {
    if (unit === undefined || unit.inside === null) return;
    this.#o.sink.unlimit(id);
    this.#scopes.delete(unit.inside.id);
    unit.inside = null;
  }

  #outputs(view: ScopeView): Result<JsonObject, Failure> {
    const outputs: { [name: string]: Json } = {};
    for (const [name, template] of Object.entries(view.outputs)) {
      const value = this.#o.evaluator.evaluate(template, view.values(pathsOf([template]), null));
      if (!value.ok) return err(expressionFailure("outputs", name, value.error));
      outputs[name] = value.value;
    }
    return ok(outputs);
  }

  // ---- ends

  #stepEnded(command: StepCommand): void {
    const view = this.#view(command.scope);
    const record = view.stepRecord(command.step);
    const step = view.step(command.step);
    this.#ledger.stepEnded(command, record, step, this.#gates.failureOf(record));
    if (command.caught && step.onError.kind === "output") {
      const value = this.#o.evaluator.evaluate(step.onError.output, view.values(view.read(command.step).onErrorPaths, command.step));
      if (value.ok) record.output = this.#o.keep(value.value);
      else record.failure = expressionFailure("on_error", record.path, value.error);
    }
    this.#ledger.tellStep(command, record);
    this.#gates.reconsider();
  }

  #ending(status: RunEnding["status"]): RunEnding {
    if (status !== "succeeded") return { status, outputs: null, failure: this.stopFailure ?? runFailure(this.record) };
    const outputs = this.#outputs(this.#root);
    return outputs.ok ? { status, outputs: outputs.value, failure: null } : { status: "failed", outputs: null, failure: outputs.error };
  }
}

/** The step as one of its stages does it: 0 is the step itself, the others are its fallbacks. */
function stageOf(step: PlannedStep, stage: number): PlannedStep {
  const fallback = stage === 0 ? undefined : step.fallback[stage - 1];
  if (fallback === undefined || step.body.kind !== "agent") return step;
  const agent = fallback.agent ?? step.body.agent;
  // Another agent brings its own models.
  const models = fallback.models ?? (fallback.agent === null ? step.body.models : null);
  return { ...step, body: { ...step.body, agent, models } };
}

/** A batch whose list has not one result for each item. */
function batchFailure(start: Start, unit: UnitWork | undefined, output: Json): Failure | null {
  if (start.step.fan?.batch?.flatten !== true || !Array.isArray(output) || unit?.item === null || unit === undefined) return null;
  const items = (unit.item.record.item as readonly Json[]).length;
  if (output.length === items) return null;
  return failure("output", "batch_count", `'${start.path}[${start.item ?? 0}]' gave ${output.length} results for a batch of ${items} items`, {
    help: "say in the task that there must be one result an item, in their order; or write `flatten: false`",
  });
}
