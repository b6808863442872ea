import type { Evaluator } from "../../expression/evaluate.ts";
import type { Plan, PlannedStep, StepKind } from "../../plan/types.ts";
import { attemptKey, callKey, gateKey, itemNames, unitKey } from "../../run/attempt-key.ts";
import type { Fact } from "../../run/fact.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { fingerprint, fingerprintChange } from "../../run/fingerprint.ts";
import { apply } from "../../run/scheduler/apply.ts";
import type { AttemptCommand, SchedulerCommand, StepCommand, UnitCommand } from "../../run/scheduler/command.ts";
import type { SchedulerEvent } from "../../run/scheduler/event.ts";
import { Fifo } from "../../run/scheduler/fifo.ts";
import type { Graph } from "../../run/scheduler/graph.ts";
import { graphOf } from "../../run/scheduler/plan-graph.ts";
import { initialState, type SchedulerState } from "../../run/scheduler/state.ts";
import { addSpend, scopeRecord, type ItemRecord, type RunInfo, type ScopeRecord, type StepRecord } from "../../run/state.ts";
import type { ValueRef } from "../../run/value-ref.ts";
import { sha256 } from "../../util/digest.ts";
import { InternalError } from "../../util/internal-error.ts";
import type { Json, JsonObject } from "../../util/json.ts";
import { ok, type Result } from "../../util/result.ts";
import { expressionFailure } from "../step/expression-failure.ts";
import type { AttemptResult, StepHandler, Work } from "../step/handler.ts";
import { valueAt, valuesFor, type Values } from "./context.ts";
import type { FactIndex } from "./fact-index.ts";
import { joinFailure, runFailure, unitFailure } from "./failing.ts";
import type { RunEnding, Sink, Start, StartReason } from "./sink.ts";
import { pathsOf, stepRead, type StepRead } from "./step-read.ts";
import type { UnitWork } from "./unit-work.ts";

export interface CoreOptions {
  readonly info: RunInfo;
  /** `inputs`, `env`, `run`: frozen at the first start. */
  readonly base: Values;
  /** `env` of the workflow with its secrets, for processes. */
  readonly workflowEnv: { readonly [name: string]: string };
  readonly secrets: { readonly [name: string]: string };
  readonly facts: FactIndex;
  readonly handlers: { readonly [kind in StepKind]: StepHandler };
  readonly evaluator: Evaluator;
  readonly read: (ref: ValueRef) => Json;
  /** Makes a value storable; large ones go to the blob store at once. */
  readonly keep: (value: Json) => ValueRef;
  readonly now: () => number;
  readonly sink: Sink;
  /** Attempts at once; default: the plan's. */
  readonly slots?: number;
}

/**
 * The run without its waiting: holds scheduler, values and records together, answers what can be answered at once
 * (expressions, recorded facts, pure values), and hands the rest to the sink. No I/O, no promises: what it decides
 * depends only on the plan, the facts and the order of the answers.
 *
 *   post(event) -> queue -> drain: scheduler -> commands -> records, events, facts, starts -> sink
 *                             ^---- answers that are known at once ----'
 */
export class RunCore {
  readonly record: ScopeRecord;
  readonly #o: CoreOptions;
  readonly #plan: Plan;
  readonly #graph: Graph;
  readonly #state: SchedulerState = initialState();
  readonly #queue = new Fifo<SchedulerEvent>();
  readonly #stepIndex: ReadonlyMap<string, number>;
  readonly #reads: (StepRead | undefined)[] = [];
  readonly #units = new Map<number, UnitWork>();
  readonly #itemNames = new Map<number, readonly string[]>();
  readonly #gateFailures = new Map<number, Failure>();
  /** Steps whose gate saw only some of its needs: the others read null for as long as the run lasts. */
  readonly #hidden = new Map<number, ReadonlySet<number>>();
  /** Gates that wait for what they saw when they were first opened, before a crash. */
  readonly #waitingGates = new Set<Extract<SchedulerCommand, { type: "gate" }>>();
  /** Steps of which something was started in this epoch. */
  readonly #live = new Set<number>();
  /** Said when the whole run is stopped. */
  stopFailure: Failure | null = null;

  constructor(options: CoreOptions) {
    this.#o = options;
    this.#plan = options.info.plan;
    this.#graph = graphOf(this.#plan, options.slots);
    this.record = scopeRecord(this.#scope());
    this.#stepIndex = new Map(this.#scope().steps.map((step, index) => [step.id, index]));
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

  /** Attempts that hold a slot: what an interrupt waits for. */
  get inFlight(): number {
    return this.#state.heldSlots;
  }

  /** The index of a step by its path; undefined when there is none. */
  stepIndexOf(path: string): number | undefined {
    return this.#stepIndex.get(path);
  }

  /** An attempt that was started has ended. An outcome of a unit that nobody waits for any more is kept if it was paid. */
  settle(start: Start, result: AttemptResult): void {
    const endedAt = this.#o.now();
    const known = this.#o.facts.find(start.key, start.fingerprint);
    if (known === null) throw new InternalError(`attempt ${start.key} ended without a start`);
    const isCancelled = !result.ok && result.failure.class === "cancelled";
    const fact: Fact = {
      ...known,
      state: result.ok ? "succeeded" : isCancelled ? "started" : "failed",
      endedAt: isCancelled ? null : endedAt,
      output: result.ok ? this.#o.keep(result.output) : null,
      extra: result.extra,
      failure: result.ok || isCancelled ? null : result.failure,
      model: result.model,
      usage: result.usage,
      costUsd: result.costUsd,
    };
    if (!isCancelled) this.#remember(fact);
    const step = this.#stepRecord(this.#stepIndex.get(start.path) as number);
    addSpend(step, fact);
    const unit = this.#units.get(start.unit);
    if (unit === undefined || unit.key !== start.key) return;
    if (result.ok) this.#succeed(start, unit, fact.output as ValueRef, fact.extra, endedAt);
    else this.#fail(start, unit, result.failure, fact.extra, endedAt);
  }

  /** Records a finished model call inside an attempt, so that it is never paid again. */
  recordCall(start: Start, n: number, requestDigest: string, reply: Json, spend: Pick<Fact, "model" | "usage" | "costUsd">): void {
    const now = this.#o.now();
    const key = callKey(start.key, n);
    this.#remember({
      key, fingerprint: requestDigest, state: "succeeded", starts: 1, startedAt: now, endedAt: now,
      output: this.#o.keep(reply), extra: null, failure: null, ...spend,
    });
    addSpend(this.#stepRecord(this.#stepIndex.get(start.path) as number), spend);
  }

  /** The recorded reply to a model call inside an attempt, or null. */
  recallCall(start: Start, n: number, requestDigest: string): Json | null {
    const fact = this.#o.facts.find(callKey(start.key, n), requestDigest);
    if (fact === null || fact.output === null) return null;
    addSpend(this.#stepRecord(this.#stepIndex.get(start.path) as number), fact);
    return this.#o.read(fact.output);
  }

  #scope(): Plan["scopes"][number] {
    const scope = this.#plan.scopes[0];
    if (scope === undefined) throw new InternalError("a plan without a scope");
    return scope;
  }

  #step(index: number): PlannedStep {
    return this.#scope().steps[index] as PlannedStep;
  }

  #stepRecord(index: number): StepRecord {
    return this.record.steps[index] as StepRecord;
  }

  #read(index: number): StepRead {
    return (this.#reads[index] ??= stepRead(this.#plan, 0, index));
  }

  #remember(fact: Fact): void {
    this.#o.facts.put(fact);
    this.#o.sink.fact(fact);
  }

  #carryOut(command: SchedulerCommand): void {
    const { sink } = this.#o;
    switch (command.type) {
      case "gate":
        this.#gate(command);
        return;
      case "attempt":
        this.#attempt(command);
        return;
      case "abort":
        sink.abort(command.unit, command.serial);
        return;
      case "delay": {
        const unit = this.#units.get(command.unit);
        const endedAt = unit?.endedAt ?? this.#o.now();
        this.#tellAttempt(unit, command.delayMs);
        sink.delay(command.unit, command.serial, endedAt + command.delayMs);
        return;
      }
      case "undelay":
        sink.undelay(command.unit);
        return;
      case "unit":
        this.#unitEnded(command);
        return;
      case "step":
        this.#stepEnded(command);
        return;
      case "finished":
        sink.finished(this.#ending(command.status));
        return;
      case "continue":
      case "judge":
      case "enter":
      case "leave":
        throw new InternalError(`no plan of this version leads to the command '${command.type}'`);
    }
  }

  // ---- gates

  #gate(command: Extract<SchedulerCommand, { type: "gate" }>): void {
    const step = this.#step(command.step);
    if (!this.#freezeView(command.step)) {
      this.#waitingGates.add(command);
      return;
    }
    const answer = (verdict: Extract<SchedulerEvent, { type: "gated" }>["verdict"]): void =>
      this.post({ type: "gated", scope: command.scope, step: command.step, verdict });
    const refuse = (why: Failure): void => {
      this.#gateFailures.set(command.step, why);
      answer({ kind: "fail", class: why.class });
    };
    const read = this.#read(command.step);
    if (step.condition !== null) {
      const template = { kind: "cel", source: step.condition } as const;
      const holds = this.#o.evaluator.evaluate(template, this.#values(read.condition, command.step, null), command.status);
      if (!holds.ok) return refuse(expressionFailure("if", step.id, holds.error));
      if (typeof holds.value !== "boolean") return refuse(expressionFailure("if", step.id, { code: "not_boolean", message: `it gives ${JSON.stringify(holds.value)}, not true or false` }));
      if (!holds.value) return answer({ kind: "skip" });
    }
    if (step.fan === null) return answer({ kind: "run", items: null });
    const items = this.#o.evaluator.evaluate(step.fan.items, this.#values(read.items, command.step, null));
    if (!items.ok) return refuse(expressionFailure("for_each", step.id, items.error));
    if (!Array.isArray(items.value)) return refuse(expressionFailure("for_each", step.id, { code: "not_a_list", message: "it does not give a list" }));
    const list = items.value as readonly Json[];
    if (list.length > step.fan.maxItems) {
      const message = `its list has ${list.length} items, more than max_items (${step.fan.maxItems})`;
      return refuse(expressionFailure("for_each", step.id, { code: "too_many_items", message }));
    }
    this.#itemNames.set(command.step, itemNames(list));
    this.#stepRecord(command.step).items = list.map((item) => ({ item, status: "pending", attempts: 0, output: null, failure: null }));
    answer({ kind: "run", items: list.length });
  }

  /**
   * A step that may start before all of its needs have ended sees the others as null, now and after every resume.
   * False while something that it saw the first time has not come back yet.
   */
  #freezeView(index: number): boolean {
    const { unfinished } = this.#read(index);
    if (unfinished === null || this.#hidden.has(index)) return true;
    const key = gateKey(this.#stepRecord(index).path);
    const isOver = (need: number): boolean => isOverStatus(this.#stepRecord(need).status);
    const fact = this.#o.facts.find(key, "gate");
    const ended = unfinished.filter(isOver).map((need) => this.#step(need).id);
    if (fact?.output === null || fact === null) {
      const now = this.#o.now();
      this.#remember({
        key, fingerprint: "gate", state: "succeeded", starts: 1, startedAt: now, endedAt: now, output: { inline: ended },
        extra: null, failure: null, model: null, usage: null, costUsd: null,
      });
      this.#hidden.set(index, new Set(unfinished.filter((need) => !isOver(need))));
      return true;
    }
    const seen = new Set(this.#o.read(fact.output) as readonly string[]);
    if (unfinished.some((need) => seen.has(this.#step(need).id) && !isOver(need))) return false;
    this.#hidden.set(index, new Set(unfinished.filter((need) => !seen.has(this.#step(need).id))));
    return true;
  }

  #values(paths: readonly (readonly string[])[], index: number, unit: { item: Json; index: number } | null): Values {
    const hidden = this.#hidden.get(index) ?? null;
    return valuesFor(paths, this.#o.base, this.record, this.#stepIndex, this.#o.read, unit, hidden);
  }

  // ---- attempts

  #attempt(command: AttemptCommand): void {
    const step = this.#step(command.step);
    const unit = this.#unitWork(command, step);
    if (!unit.ok) {
      this.#refuseUnit(command, unit.error);
      return;
    }
    const { work } = unit.value;
    if (work.kind === "now") {
      this.#stepStarted(command.step);
      this.#countAttempt(command, unit.value);
      this.#finishNow(command, unit.value, work);
      return;
    }
    this.#attemptLater(command, step, unit.value, work);
  }

  #attemptLater(command: AttemptCommand, step: PlannedStep, unit: UnitWork, work: Extract<Work, { kind: "later" }>): void {
    const { facts } = this.#o;
    const record = this.#stepRecord(command.step);
    const name = unit.item?.name ?? null;
    unit.key = attemptKey({ path: record.path, item: name, iteration: command.iteration, stage: command.stage, attempt: command.attempt });
    const fact = facts.find(unit.key, unit.fingerprint);
    const wasLost = fact !== null && facts.takeLost(fact);
    const start: Start = {
      unit: command.unit, serial: command.serial, step, path: record.path, item: unit.item?.index ?? null,
      attempt: command.attempt, key: unit.key, fingerprint: unit.fingerprint, idempotencyKey: unit.idempotencyKey, work,
      reason: this.#reason(command, unit, fact),
    };
    if (fact !== null && fact.state !== "started") this.#recall(start, unit, fact);
    else if (wasLost && step.effect === "unsafe") this.#outcomeUnknown(start, unit, fact);
    else if (wasLost) {
      this.#countAttempt(command, unit);
      this.post({ type: "ended", unit: command.unit, serial: command.serial, outcome: { kind: "lost" } });
    } else this.#start(command, unit, start, fact);
  }

  #start(command: AttemptCommand, unit: UnitWork, start: Start, before: Fact | null): void {
    const now = this.#o.now();
    this.#tellAttempt(unit, 0);
    this.#live.add(command.step);
    this.#stepStarted(command.step);
    this.#countAttempt(command, unit);
    unit.endedAt = null;
    unit.isRecalled = false;
    const record = this.#stepRecord(command.step);
    record.askedModel = start.work.model;
    if (unit.item !== null) (this.#item(command.step, unit.item.index)).status = "running";
    this.#remember({
      key: start.key, fingerprint: start.fingerprint, state: "started", starts: (before?.starts ?? 0) + 1, startedAt: now,
      endedAt: null, output: null, extra: null, failure: null, model: null, usage: null, costUsd: null,
    });
    const model = start.work.model === null ? {} : { model: start.work.model };
    this.#o.sink.event({ type: "attempt.started", ...place(start), data: model });
    this.#o.sink.start(start);
  }

  /** Resolves what a unit has to do, once for all of its attempts. */
  #unitWork(command: AttemptCommand, step: PlannedStep): Result<UnitWork, Failure> {
    const known = this.#units.get(command.unit);
    if (known !== undefined) return ok(known);
    const record = this.#stepRecord(command.step);
    const read = this.#read(command.step);
    const entry = step.fan === null ? null : this.#item(command.step, command.item);
    const item = entry === null ? null : { index: command.item, name: this.#itemNames.get(command.step)?.[command.item] as string };
    const values = this.#values(read.body, command.step, entry === null ? null : { item: entry.item, index: command.item });
    const print = fingerprint(read.staticDigest, read.body.map((path) => [path.join("."), valueAt(values, path)]));
    const work = this.#o.handlers[step.body.kind].prepare(step, {
      plan: this.#plan,
      evaluator: this.#o.evaluator,
      values: read.secrets ? { ...values, secrets: this.#o.secrets } : values,
      workflowEnv: this.#o.workflowEnv,
    });
    const unit = unitKey(record.path, item?.name ?? null);
    const identity = `${this.#o.info.runId}/${unit}/${command.iteration}.${command.stage}/${print}`;
    const common = { step: command.step, item, fingerprint: print, idempotencyKey: sha256(identity).slice(0, 32), attempts: 0, key: unit, failure: null, endedAt: null, isRecalled: false, untold: null };
    if (!work.ok) return work;
    const made: UnitWork = { ...common, work: work.value };
    this.#units.set(command.unit, made);
    return ok(made);
  }

  #finishNow(command: AttemptCommand, unit: UnitWork, work: Extract<Work, { kind: "now" }>): void {
    const now = this.#o.now();
    this.#keepOutput(command.step, unit, this.#o.keep(work.output), null, now);
    this.post({ type: "ended", unit: command.unit, serial: command.serial, outcome: { kind: "succeeded" } });
  }

  /** A unit whose values cannot be made never starts: its failure is the same every time. */
  #refuseUnit(command: AttemptCommand, why: Failure): void {
    this.#stepStarted(command.step);
    const item = this.#step(command.step).fan === null ? null : { index: command.item, name: "" };
    this.#units.set(command.unit, {
      step: command.step, item, work: { kind: "now", output: null }, fingerprint: "", idempotencyKey: "",
      attempts: 0, key: "", failure: why, endedAt: this.#o.now(), isRecalled: false, untold: null,
    });
    this.#keepFailure(command.step, item?.index ?? null, why, null, this.#o.now());
    this.post({ type: "ended", unit: command.unit, serial: command.serial, outcome: { kind: "failed", class: why.class, retryAfterMs: null } });
  }

  /** A recorded outcome answers: nothing is started, nothing is paid. */
  #recall(start: Start, unit: UnitWork, fact: Fact): void {
    const index = this.#stepIndex.get(start.path) as number;
    const record = this.#stepRecord(index);
    unit.isRecalled = true;
    record.startedAt = Math.min(record.startedAt ?? fact.startedAt, fact.startedAt);
    record.status = "running";
    record.askedModel = start.work.model;
    record.reused += 1;
    this.#countAttempts(index, unit, 1);
    addSpend(record, fact);
    this.#recallCalls(record, fact);
    if (fact.state === "succeeded") this.#succeed(start, unit, fact.output as ValueRef, fact.extra, fact.endedAt ?? fact.startedAt);
    else this.#fail(start, unit, fact.failure as Failure, fact.extra, fact.endedAt ?? fact.startedAt, true);
  }

  /** What was spent on calls inside a recorded attempt counts as well. */
  #recallCalls(record: StepRecord, fact: Fact): void {
    for (let n = 1; ; n += 1) {
      const calls = this.#o.facts.all(callKey(fact.key, n));
      if (calls.length === 0) return;
      for (const call of calls) addSpend(record, call);
    }
  }

  #outcomeUnknown(start: Start, unit: UnitWork, fact: Fact): void {
    const now = this.#o.now();
    const why = failure("internal", "outcome_unknown",
      `'${start.path}' was running when its runner stopped: nobody knows whether it took effect, so it is not repeated`,
      { help: `look at what it did; to run it again: muster resume ${this.#o.info.runId} --rerun ${start.path}. A step that may be repeated says 'idempotent: true'` });
    this.#remember({ ...fact, state: "failed", endedAt: now, failure: why });
    this.#stepStarted(unit.step);
    this.#countAttempts(unit.step, unit, 1);
    this.#fail(start, unit, why, null, now);
  }

  #succeed(start: Start, unit: UnitWork, output: ValueRef, extra: Fact["extra"], endedAt: number): void {
    this.#keepOutput(unit.step, unit, output, extra, endedAt);
    this.post({ type: "ended", unit: start.unit, serial: start.serial, outcome: { kind: "succeeded" } });
  }

  #fail(start: Start, unit: UnitWork, why: Failure, extra: Fact["extra"], endedAt: number, isRecalled = false): void {
    unit.failure = why;
    unit.endedAt = endedAt;
    this.#keepFailure(unit.step, unit.item?.index ?? null, why, extra, endedAt);
    if (!isRecalled) {
      const { class: failureClass, code, message } = why;
      unit.untold = { type: "attempt.failed", ...place(start), data: { class: failureClass, code, message } };
    }
    this.post({ type: "ended", unit: start.unit, serial: start.serial, outcome: { kind: "failed", class: why.class, retryAfterMs: why.retryAfterMs } });
  }

  /** A failed attempt is told once it is known whether another one follows, and when. */
  #tellAttempt(unit: UnitWork | undefined, retryInMs: number | null): void {
    if (unit === undefined || unit.untold === null) return;
    const data = { ...unit.untold.data, ...(retryInMs === null ? {} : { retry_in_ms: retryInMs }) };
    this.#o.sink.event({ ...unit.untold, data });
    unit.untold = null;
  }

  /** Why no recorded outcome answers this attempt. */
  #reason(command: AttemptCommand, unit: UnitWork, fact: Fact | null): StartReason {
    if (fact !== null) return "lost";
    if (command.attempt > 1) return "retry";
    const before = this.#o.facts.all(unit.key).at(-1);
    if (before === undefined) return "new";
    return fingerprintChange(before.fingerprint, unit.fingerprint) === "step" ? "step_changed" : "values_changed";
  }

  // ---- records

  #item(step: number, index: number): ItemRecord {
    const item = this.#stepRecord(step).items?.[index];
    if (item === undefined) throw new InternalError(`step ${step} has no item ${index}`);
    return item;
  }

  #stepStarted(index: number): void {
    const record = this.#stepRecord(index);
    if (record.startedAt === null) record.startedAt = this.#o.now();
    if (record.status === "running") return;
    record.status = "running";
    this.#o.sink.event({ type: "step.started", step: record.path, data: { kind: record.kind, ...(record.items === null ? {} : { items: record.items.length }) } });
  }

  #countAttempt(command: AttemptCommand, unit: UnitWork): void {
    this.#countAttempts(command.step, unit, 1);
  }

  #countAttempts(index: number, unit: UnitWork, count: number): void {
    this.#stepRecord(index).attempts += count;
    unit.attempts += count;
    if (unit.item !== null) this.#item(index, unit.item.index).attempts += count;
  }

  #keepOutput(index: number, unit: UnitWork, output: ValueRef, extra: Fact["extra"], endedAt: number): void {
    const record = this.#stepRecord(index);
    record.endedAt = Math.max(record.endedAt ?? endedAt, endedAt);
    unit.endedAt = endedAt;
    unit.failure = null;
    if (unit.item !== null) {
      const item = this.#item(index, unit.item.index);
      item.output = output;
      item.failure = null;
      return;
    }
    record.output = output;
    record.extra = extra;
    record.failure = null;
  }

  #keepFailure(index: number, item: number | null, why: Failure, extra: Fact["extra"], endedAt: number): void {
    const record = this.#stepRecord(index);
    record.endedAt = Math.max(record.endedAt ?? endedAt, endedAt);
    if (item !== null) {
      this.#item(index, item).failure = why;
      return;
    }
    record.failure = why;
    record.extra = extra;
  }

  #unitEnded(command: UnitCommand): void {
    const unit = this.#units.get(command.unit);
    this.#units.delete(command.unit);
    this.#tellAttempt(unit, null);
    const record = this.#stepRecord(command.step);
    const why = command.status === "failed" ? unitFailure(command, record.path, unit?.failure ?? null) : null;
    if (record.items === null) {
      record.failure = why;
      return;
    }
    const item = this.#item(command.step, command.item);
    item.status = command.status;
    item.failure = why;
    if (command.status === "cancelled" || unit === undefined || unit.isRecalled) return;
    this.#o.sink.event({
      type: command.status === "succeeded" ? "item.succeeded" : "item.failed",
      step: record.path,
      item: command.item,
      ...(why === null ? {} : { data: { class: why.class, code: why.code, message: why.message } }),
    });
  }

  #stepEnded(command: StepCommand): void {
    const record = this.#stepRecord(command.step);
    const wasRecalled = record.reused > 0 && !this.#live.has(command.step);
    record.status = command.status;
    record.caught = command.caught;
    record.skipCause = command.cause;
    record.winner = command.winner;
    for (const item of record.items ?? []) if (item.status === "pending" || item.status === "running") item.status = "cancelled";
    if (command.status === "failed") this.#stepFailed(command, record);
    if (command.status === "succeeded" || command.status === "failed") record.endedAt ??= this.#o.now();
    if (!wasRecalled) this.#tellStep(command, record);
    for (const gate of [...this.#waitingGates]) {
      this.#waitingGates.delete(gate);
      this.#gate(gate);
    }
  }

  #stepFailed(command: StepCommand, record: StepRecord): void {
    const own = this.#gateFailures.get(command.step) ?? record.failure;
    record.failure = record.items !== null && own === null ? joinFailure(record, this.#step(command.step)) : (own ?? failure(command.class ?? "internal", "cancelled", `'${record.path}' was stopped`));
    const { onError } = this.#step(command.step);
    if (!command.caught || onError.kind !== "output") return;
    const value = this.#o.evaluator.evaluate(onError.output, this.#values(this.#read(command.step).onError, command.step, null));
    if (value.ok) record.output = this.#o.keep(value.value);
    else record.failure = expressionFailure("on_error", record.path, value.error);
  }

  #tellStep(command: StepCommand, record: StepRecord): void {
    const { sink } = this.#o;
    const step = record.path;
    if (command.status === "skipped") sink.event({ type: "step.skipped", step, data: { cause: command.cause } });
    else if (command.status === "cancelled") sink.event({ type: "step.cancelled", step });
    else {
      const durationMs = Math.max(0, (record.endedAt ?? 0) - (record.startedAt ?? record.endedAt ?? 0));
      const spend: { [name: string]: Json } = { duration_ms: durationMs };
      if (record.items !== null) spend["items"] = itemCounts(record.items);
      if (record.usage !== null) spend["cost_usd"] = record.costUnknown ? null : record.costUsd;
      if (command.status === "succeeded") sink.event({ type: "step.succeeded", step, data: spend });
      else {
        const { class: failureClass, code, message } = record.failure as Failure;
        sink.event({ type: "step.failed", step, data: { class: failureClass, code, message, caught: command.caught, ...spend } });
      }
    }
  }

  #ending(status: RunEnding["status"]): RunEnding {
    if (status !== "succeeded") return { status, outputs: null, failure: this.stopFailure ?? runFailure(this.record) };
    const outputs: { [name: string]: Json } = {};
    for (const [name, template] of Object.entries(this.#scope().outputs)) {
      const value = this.#o.evaluator.evaluate(template, this.#values(pathsOf([template]), -1, null));
      if (!value.ok) return { status: "failed", outputs: null, failure: expressionFailure("outputs", name, value.error) };
      outputs[name] = value.value;
    }
    return { status, outputs: outputs as JsonObject, failure: null };
  }
}

function isOverStatus(status: StepRecord["status"]): boolean {
  return status === "succeeded" || status === "failed" || status === "skipped" || status === "cancelled";
}

function itemCounts(items: readonly ItemRecord[]): JsonObject {
  const count = (status: ItemRecord["status"]): number => items.filter((item) => item.status === status).length;
  return { total: items.length, succeeded: count("succeeded"), failed: count("failed"), cancelled: count("cancelled") };
}

function place(start: Start): { step: string; item?: number; attempt: number } {
  return { step: start.path, ...(start.item === null ? {} : { item: start.item }), attempt: start.attempt };
}
