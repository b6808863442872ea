import type { Evaluator } from "../../expression/evaluate.ts";
import type { StepKind } from "../../plan/types.ts";
import { attemptKey, callKey, unitKey } from "../../run/attempt-key.ts";
import type { Fact } from "../../run/fact.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { fingerprint, fingerprintChange } from "../../run/fingerprint.ts";
import { apply } from "../../run/scheduler/apply.ts";
import type { AttemptCommand, SchedulerCommand, StepCommand } from "../../run/scheduler/command.ts";
import type { SchedulerEvent } from "../../run/scheduler/event.ts";
import { Fifo } from "../../run/scheduler/fifo.ts";
import type { Graph } from "../../run/scheduler/graph.ts";
import { graphOf } from "../../run/scheduler/plan-graph.ts";
import { initialState, type SchedulerState } from "../../run/scheduler/state.ts";
import { noSpend, plusSpend } from "../../run/spend.ts";
import { addSpend, type RunInfo, type ScopeRecord, type StepRecord } from "../../run/state.ts";
import type { ValueRef } from "../../run/value-ref.ts";
import { sha256 } from "../../util/digest.ts";
import { InternalError } from "../../util/internal-error.ts";
import type { Json, JsonObject } from "../../util/json.ts";
import { expressionFailure } from "../step/expression-failure.ts";
import type { AttemptResult, StepHandler } from "../step/handler.ts";
import { valueAt, type Values } from "./context.ts";
import type { FactIndex } from "./fact-index.ts";
import { runFailure } from "./failing.ts";
import { Gates } from "./gates.ts";
import { Ledger } from "./ledger.ts";
import { RunView } from "./run-view.ts";
import type { RunEnding, Sink, Start, StartReason } from "./sink.ts";
import { pathsOf } from "./step-read.ts";
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

/** What an attempt or a model call cost. */
type Spent = Pick<Fact, "model" | "usage" | "costUsd">;

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
  readonly #view: RunView;
  readonly #ledger: Ledger;
  readonly #gates: Gates;
  readonly #graph: Graph;
  readonly #state: SchedulerState = initialState();
  readonly #queue = new Fifo<SchedulerEvent>();
  readonly #units = new Map<number, UnitWork>();

  constructor(options: CoreOptions) {
    const { info, base, read, slots, sink, now, evaluator, facts } = options;
    this.#o = options;
    this.#graph = graphOf(info.plan, slots);
    this.#view = new RunView(info.plan, base, read);
    this.#ledger = new Ledger({ view: this.#view, now, event: (event) => sink.event(event) });
    this.#gates = new Gates({
      view: this.#view,
      evaluator,
      facts,
      now,
      readValue: read,
      remember: (fact) => this.#remember(fact),
      answer: ({ scope, step }, verdict) => this.post({ type: "gated", scope, step, verdict }),
    });
  }

  get record(): ScopeRecord {
    return this.#view.record;
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

  /** The position of a step by its path; undefined when there is none. */
  indexOf(path: string): number | undefined {
    return this.#view.indexOf(path);
  }

  /** An attempt that was started has ended. What it paid for is kept, even when nobody waits for it any more. */
  settle(start: Start, result: AttemptResult): void {
    const { facts, now, keep } = this.#o;
    const started = facts.find(start.key, start.fingerprint);
    if (started === null) throw new InternalError(`attempt ${start.key} ended without a start`);
    const endedAt = now();
    const { extra, model, usage, costUsd } = result;
    addSpend(this.#recordOf(start), { model, usage, costUsd });
    const spent = { extra, ...together(started, { model, usage, costUsd }) };
    const unit = this.#units.get(start.unit);
    const isAwaited = unit?.key === start.key;
    if (result.ok) {
      const output = keep(result.output);
      this.#remember({ ...started, ...spent, state: "succeeded", endedAt, output });
      if (isAwaited) this.#succeed(start, unit, output, extra, endedAt);
    } else if (result.failure.class === "cancelled") {
      // It has no outcome: as after a crash, a resume starts it again, or says that its outcome is unknown.
      if (usage !== null) this.#remember({ ...started, ...spent });
      if (isAwaited) this.#fail(start, unit, result.failure, extra, endedAt);
    } else {
      this.#remember({ ...started, ...spent, state: "failed", endedAt, failure: result.failure });
      if (isAwaited) {
        this.#ledger.attemptFailed(start, unit, result.failure);
        this.#fail(start, unit, result.failure, extra, endedAt);
      }
    }
  }

  /** Records a finished model call inside an attempt, so that it is never paid again. */
  recordCall(start: Start, n: number, requestDigest: string, reply: Json, spent: Spent): void {
    const at = this.#o.now();
    this.#remember({
      key: callKey(start.key, n), fingerprint: requestDigest, state: "succeeded", starts: 1, startedAt: at, endedAt: at,
      output: this.#o.keep(reply), extra: null, failure: null, ...spent,
    });
    addSpend(this.#recordOf(start), spent);
  }

  /** The recorded reply to a model call inside an attempt, or null. */
  recallCall(start: Start, n: number, requestDigest: string): Json | null {
    const fact = this.#o.facts.find(callKey(start.key, n), requestDigest);
    if (fact === null || fact.output === null) return null;
    addSpend(this.#recordOf(start), fact);
    return this.#o.read(fact.output);
  }

  #carryOut(command: SchedulerCommand): void {
    const { sink, now } = this.#o;
    switch (command.type) {
      case "gate":
        this.#gates.open(command);
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
      case "unit":
        this.#ledger.unitEnded(command, this.#units.get(command.unit));
        this.#units.delete(command.unit);
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

  // ---- attempts

  #attempt(command: AttemptCommand): void {
    const unit = this.#units.get(command.unit) ?? this.#prepare(command);
    this.#units.set(command.unit, unit);
    if (unit.work === null) this.#refuse(command, unit);
    else if (unit.work.kind === "now") {
      this.#ledger.stepStarted(unit.step);
      this.#ledger.countAttempt(unit);
      this.#succeed(command, unit, this.#o.keep(unit.work.output), null, this.#o.now());
    } else this.#attemptLater(command, unit, unit.work);
  }

  /** Resolves what a unit has to do, once for all of its attempts. */
  #prepare({ step: index, item: position, iteration, stage }: AttemptCommand): UnitWork {
    const { info, handlers, evaluator, secrets, workflowEnv } = this.#o;
    const step = this.#view.step(index);
    const { path, items } = this.#view.stepRecord(index);
    const read = this.#view.read(index);
    const entry = items === null ? null : this.#view.itemRecord(index, position);
    const item = entry === null ? null : { index: position, name: this.#gates.itemName(index, position) };
    const values = this.#view.values(read.body, index, entry === null ? null : { item: entry.item, index: position });
    const print = fingerprint(read.staticDigest, read.body.map((name) => [name.join("."), valueAt(values, name)]));
    const work = handlers[step.body.kind].prepare(step, {
      plan: info.plan,
      evaluator,
      values: read.secrets ? { ...values, secrets } : values,
      workflowEnv,
    });
    const identity = `${info.runId}/${unitKey(path, item?.name ?? null)}/${iteration}.${stage}/${print}`;
    return {
      step: index,
      item,
      work: work.ok ? work.value : null,
      fingerprint: print,
      idempotencyKey: sha256(identity).slice(0, 32),
      key: "",
      failure: work.ok ? null : work.error,
      endedAt: null,
      isRecalled: false,
      untold: null,
    };
  }

  /** A unit whose values cannot be made never starts: it fails the same way every time. */
  #refuse(command: AttemptCommand, unit: UnitWork): void {
    const why = unit.failure ?? failure("internal", "bug", "nothing to do and no reason");
    this.#ledger.stepStarted(unit.step);
    this.#fail(command, unit, why, null, this.#o.now());
  }

  /** An attempt with effects: a fact answers, or it was lost, or it starts. */
  #attemptLater(command: AttemptCommand, unit: UnitWork, work: Start["work"]): void {
    const { facts } = this.#o;
    const step = this.#view.step(unit.step);
    const { path } = this.#view.stepRecord(unit.step);
    const { iteration, stage, attempt, serial } = command;
    unit.key = attemptKey({ path, item: unit.item?.name ?? null, iteration, stage, attempt });
    const fact = facts.find(unit.key, unit.fingerprint);
    const start: Start = {
      unit: command.unit, serial, step, path, item: unit.item?.index ?? null, attempt, key: unit.key,
      fingerprint: unit.fingerprint, idempotencyKey: unit.idempotencyKey, work, reason: this.#reason(attempt, unit, fact),
    };
    const isLost = fact?.state === "started" && facts.takeLost(fact);
    if (isLost && step.effect !== "unsafe") {
      // Not a retry: the same attempt starts again, and is counted then.
      this.post({ type: "ended", unit: start.unit, serial, outcome: { kind: "lost" } });
      return;
    }
    this.#ledger.countAttempt(unit);
    if (fact === null) this.#start(start, unit, null);
    else if (isLost) this.#outcomeUnknown(start, unit, fact);
    else if (fact.state === "started") this.#start(start, unit, fact);
    else this.#recall(start, unit, fact);
  }

  /** `before` is what an earlier start of the same attempt left behind: what that cost stays on the record. */
  #start(start: Start, unit: UnitWork, before: Fact | null): void {
    const { sink, now } = this.#o;
    this.#ledger.tellAttempt(unit, 0);
    this.#ledger.stepStarted(unit.step);
    unit.endedAt = null;
    unit.isRecalled = false;
    this.#remember({
      key: start.key, fingerprint: start.fingerprint, state: "started", starts: (before?.starts ?? 0) + 1, startedAt: now(), endedAt: null,
      output: null, extra: null, failure: null, model: before?.model ?? null, usage: before?.usage ?? null, costUsd: before?.costUsd ?? null,
    });
    if (before !== null) addSpend(this.#recordOf(start), before);
    this.#ledger.attemptStarted(start);
    sink.start(start);
  }

  /** A recorded outcome answers: nothing is started, nothing is paid. */
  #recall(start: Start, unit: UnitWork, fact: Fact): void {
    unit.isRecalled = true;
    this.#ledger.recalled(start, fact);
    const record = this.#recordOf(start);
    addSpend(record, fact);
    for (let n = 1; ; n += 1) {
      const calls = this.#o.facts.all(callKey(fact.key, n));
      if (calls.length === 0) break;
      for (const call of calls) addSpend(record, call);
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
    this.#ledger.stepStarted(unit.step);
    this.#fail(start, unit, why, null, at);
  }

  #succeed(answer: { unit: number; serial: number }, unit: UnitWork, output: ValueRef, extra: Fact["extra"], endedAt: number): void {
    this.#ledger.keepOutput(unit, output, extra, endedAt);
    this.post({ type: "ended", unit: answer.unit, serial: answer.serial, outcome: { kind: "succeeded" } });
  }

  #fail(answer: { unit: number; serial: number }, unit: UnitWork, why: Failure, extra: Fact["extra"], endedAt: number): void {
    this.#ledger.keepFailure(unit, why, extra, endedAt);
    const outcome = { kind: "failed", class: why.class, retryAfterMs: why.retryAfterMs } as const;
    this.post({ type: "ended", unit: answer.unit, serial: answer.serial, outcome });
  }

  /** Why no recorded outcome answers this attempt. */
  #reason(attempt: number, unit: UnitWork, fact: Fact | null): StartReason {
    if (fact !== null) return "lost";
    if (attempt > 1) return "retry";
    const before = this.#o.facts.all(unit.key).at(-1);
    if (before === undefined) return "new";
    return fingerprintChange(before.fingerprint, unit.fingerprint) === "step" ? "step_changed" : "values_changed";
  }

  #recordOf(start: Start): StepRecord {
    return this.#view.stepRecord(this.#view.indexOf(start.path) as number);
  }

  #remember(fact: Fact): void {
    this.#o.facts.put(fact);
    this.#o.sink.fact(fact);
  }

  // ---- ends

  #stepEnded(command: StepCommand): void {
    const record = this.#ledger.stepEnded(command, this.#gates.failureOf(command.step));
    const { onError } = this.#view.step(command.step);
    if (command.caught && onError.kind === "output") {
      const value = this.#o.evaluator.evaluate(onError.output, this.#view.values(this.#view.read(command.step).onErrorPaths, command.step));
      if (value.ok) record.output = this.#o.keep(value.value);
      else record.failure = expressionFailure("on_error", record.path, value.error);
    }
    this.#ledger.tellStep(command);
    this.#gates.reconsider();
  }

  #ending(status: RunEnding["status"]): RunEnding {
    if (status !== "succeeded") return { status, outputs: null, failure: this.stopFailure ?? runFailure(this.record) };
    const outputs: { [name: string]: Json } = {};
    for (const [name, template] of Object.entries(this.#o.info.plan.scopes[0]?.outputs ?? {})) {
      const value = this.#o.evaluator.evaluate(template, this.#view.values(pathsOf([template]), null));
      if (!value.ok) return { status: "failed", outputs: null, failure: expressionFailure("outputs", name, value.error) };
      outputs[name] = value.value;
    }
    return { status, outputs: outputs as JsonObject, failure: null };
  }
}

/** What an attempt cost over all its starts. */
function together(before: Spent, now: Spent): Spent {
  if (before.usage === null) return now;
  return { model: now.model ?? before.model, ...plusSpend(plusSpend(noSpend, before), now) };
}
