import { attemptOf } from "../../run/attempt-key.ts";
import { UNTOLD, type Fact } from "../../run/fact.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { StepCommand, UnitCommand } from "../../run/scheduler/command.ts";
import type { PlannedStep } from "../../plan/types.ts";
import { itemRecord, type ItemRecord, type ScopeRecord, type StepRecord } from "../../run/state.ts";
import { stepSpend } from "../../run/report.ts";
import type { ValueRef } from "../../run/value-ref.ts";
import type { WaitsFor } from "../../run/waits-for.ts";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.ts";
import type { CoreOptions } from "./core-options.ts";
import { joinFailure, unitFailure } from "./failing.ts";
import type { EventDraft, Start } from "./sink.ts";
import type { UnitWork } from "./unit-work.ts";

export interface LedgerOptions extends Pick<CoreOptions, "now" | "keep" | "redact" | "initiator"> {
  readonly event: (event: EventDraft) => void;
}

/** What a unit that succeeded leaves behind. */
export interface UnitEnd {
  readonly output: ValueRef;
  readonly extra: Fact["extra"];
  /** A list of artifacts; null = none. */
  readonly artifacts: ValueRef | null;
}

/** Keeps the records of steps and items, and tells what changes in them as events. */
export class Ledger {
  readonly #o: LedgerOptions;
  /** Steps of which something was started in this epoch: the others were told before. */
  readonly #live = new Set<StepRecord>();

  /** Steps of which an attempt was started in this epoch. */
  readonly #worked = new Set<StepRecord>();

  constructor(options: LedgerOptions) {
    this.#o = options;
  }

  /** Something of the step is done for the first time in this epoch; `at` lies before it where a wait goes on. */
  stepStarted(record: StepRecord, at = this.#o.now()): void {
    record.startedAt ??= at;
    record.status = "running";
    if (this.#live.has(record)) return;
    this.#live.add(record);
    this.#o.event({
      type: "step.started",
      step: record.path,
      data: { kind: record.kind, ...(record.items === null ? {} : { items: record.items.length }) },
    });
  }

  /** An attempt begins. */
  attemptStarted(start: Start, unit: UnitWork): void {
    unit.record.askedModel = start.work.model;
    if (unit.item !== null) unit.item.record.status = "running";
    this.#worked.add(unit.record);
    this.#o.event({
      type: "attempt.started",
      ...place(start),
      data: { ...(start.work.model === null ? {} : { model: start.work.model }), ...this.#audited(start) },
    });
  }

  /** Who starts which agent, for what, and within what: nothing unless there is an audit copy. */
  #audited({ step: { body }, path, work }: Start): JsonObject {
    const { initiator, keep, redact } = this.#o;
    if (initiator === undefined || body.kind !== "agent") return {};
    const asked = work.asked?.() ?? null;
    const task = isJsonObject(asked) ? (asked["task"] ?? null) : null;
    const end = path.lastIndexOf("/");
    return {
      agent: body.agent,
      task: keep(redact?.(task) ?? task),
      parent: end < 0 ? null : path.slice(0, end),
      initiator,
    };
  }

  /** An attempt has failed: told once it is known whether another one follows (`tellAttempt`). */
  attemptFailed(start: Start, unit: UnitWork, { class: failureClass, code, message }: Failure): void {
    unit.untold = { type: "attempt.failed", ...place(start), data: { class: failureClass, code, message } };
  }

  /** The same of an attempt of a group or sub-workflow; told only where another one follows, and not told again. */
  groupAttemptFailed(unit: UnitWork, { class: failureClass, code, message }: Failure): void {
    const { record, item, inside, key } = unit;
    if (inside !== null && !this.#hasNews(inside.record)) return;
    unit.untold = {
      type: "attempt.failed",
      step: record.path,
      ...(item === null ? {} : { item: item.index }),
      attempt: attemptOf(key),
      data: { class: failureClass, code, message },
    };
  }

  /** Something in the scope was done in this epoch, or nothing in it is on the record of an earlier one. */
  #hasNews({ steps }: ScopeRecord): boolean {
    const all = [...within(steps)];
    return all.some((step) => this.#worked.has(step)) || all.every(({ reused }) => reused === 0);
  }

  /** `retryInMs` null = no other attempt follows. */
  tellAttempt(unit: UnitWork | undefined, retryInMs: number | null): void {
    if (unit === undefined || unit.untold === null) return;
    // That a group failed is told by its step.
    if (retryInMs === null && unit.task?.work === null) {
      unit.untold = null;
      return;
    }
    const data = { ...unit.untold.data, ...(retryInMs === null ? {} : { retry_in_ms: retryInMs }) };
    this.#o.event({ ...unit.untold, data });
    unit.untold = null;
  }

  /** An outcome of an earlier epoch answers. */
  recalled({ record }: UnitWork, model: string | null, fact: Fact): void {
    record.startedAt = Math.min(record.startedAt ?? fact.startedAt, fact.startedAt);
    record.status = "running";
    record.askedModel = model;
    record.reused += 1;
    if (fact.extra?.[UNTOLD] === true) this.#live.add(record);
  }

  /** An attempt waits for somebody outside. */
  parked(start: Start, unit: UnitWork | undefined, what: WaitsFor): void {
    if (unit !== undefined) this.waits(unit);
    const { kind, message, request, help } = what;
    this.#o.event({
      type: "step.waiting",
      ...place(start),
      data: { for: kind, request, message, ...(help === null ? {} : { help }) },
    });
  }

  /** The unit waits for somebody outside, and so does its step unless another unit of it begins. */
  waits({ record, item }: UnitWork): void {
    record.status = "waiting";
    if (item !== null) item.record.status = "waiting";
  }

  /** An earlier run knew the outcome; `start` where that comes out now. */
  fromCache({ record, item }: UnitWork, start?: Start): void {
    record.cached += 1;
    if (item !== null) item.record.isFromCache = true;
    if (start === undefined) return;
    record.askedModel ??= start.work.model;
    this.#o.event({ type: "cache.hit", ...place(start), data: { key: start.cacheKey } });
  }

  /** What an earlier run knew cannot be read: it is done again. */
  cacheDamaged(start: Start): void {
    this.#o.event({ type: "cache.damaged", ...place(start), data: { key: start.cacheKey } });
  }

  countAttempt({ record, item }: UnitWork): void {
    record.attempts += 1;
    if (item !== null) item.record.attempts += 1;
  }

  keepOutput(unit: UnitWork, { output, extra, artifacts }: UnitEnd, endedAt: number): void {
    unit.endedAt = endedAt;
    unit.failure = null;
    unit.output = output;
    ended(unit.record, endedAt);
    if (unit.item !== null) Object.assign(unit.item.record, { output, artifacts });
    else Object.assign(unit.record, { output, extra, artifacts, failure: null });
  }

  /** The output of a stage was not accepted. */
  disown({ record, item }: UnitWork): void {
    (item === null ? record : item.record).output = null;
  }

  keepFailure(unit: UnitWork, why: Failure, extra: Fact["extra"], endedAt: number): void {
    unit.endedAt = endedAt;
    unit.failure = why;
    unit.output = null;
    ended(unit.record, endedAt);
    if (unit.item !== null) Object.assign(unit.item.record, { failure: why, output: null, artifacts: null });
    else Object.assign(unit.record, { failure: why, extra, output: null, artifacts: null });
  }

  /** The scope inside a unit began and ended with its steps, also where these are recalled. Gives the end. */
  scopeEnded({ record, inside }: UnitWork): number {
    let last: number | null = null;
    for (const { startedAt, endedAt } of inside?.record.steps ?? []) {
      if (startedAt !== null) record.startedAt = Math.min(record.startedAt ?? startedAt, startedAt);
      if (endedAt !== null) last = Math.max(last ?? endedAt, endedAt);
    }
    return last ?? this.#o.now();
  }

  /** A round of `repeat` gave this output. */
  roundEnded(unit: UnitWork, output: ValueRef): void {
    unit.record.rounds?.push({ ...itemRecord(null, ""), status: "succeeded", attempts: 1, output });
  }

  /** Gives why it failed; null when it did not. */
  unitEnded(command: UnitCommand, unit: UnitWork | undefined, record: StepRecord): Failure | null {
    this.tellAttempt(unit, null);
    const why = command.status === "failed" ? unitFailure(command, record.path, unit?.failure ?? null) : null;
    const item = record.items?.[command.item];
    if (item === undefined) {
      record.failure = why;
      if (why !== null) record.output = null;
      return why;
    }
    item.status = command.status;
    item.failure = why;
    if (why !== null) item.output = null;
    if (command.status === "cancelled" || unit?.isRecalled === true) return why;
    const data = why === null ? {} : { data: { class: why.class, code: why.code, message: why.message } };
    this.#o.event({
      type: command.status === "succeeded" ? "item.succeeded" : "item.failed",
      step: record.path,
      item: command.item,
      ...data,
    });
    return why;
  }

  /** `gateFailure` is set when it failed before it had units. */
  stepEnded(command: StepCommand, record: StepRecord, step: PlannedStep, gateFailure: Failure | undefined): void {
    record.status = command.status;
    record.caught = command.caught;
    record.skipCause = command.cause === "condition" && step.condition === null ? "needs" : command.cause;
    record.winner = command.winner;
    for (const item of record.items ?? [])
      if (item.status === "pending" || item.status === "running" || item.status === "waiting")
        item.status = "cancelled";
    if (command.status === "failed") {
      const join = record.items === null ? null : joinFailure(record, step);
      record.failure =
        gateFailure ??
        join ??
        record.failure ??
        failure("cancelled", "killed", `'${record.path}' was stopped on request`);
    }
    if (command.status === "succeeded" || command.status === "failed") record.endedAt ??= this.#o.now();
  }

  /** Tells how the step ended, unless that was told in an earlier epoch. */
  tellStep({ status, caught }: StepCommand, record: StepRecord, isKilled: boolean): void {
    const { event } = this.#o;
    // Between what decided it and its end lies the time that it took to stop the rest: its runner may have died in it.
    const hadToStop = record.items?.some((item) => item.status === "cancelled") === true;
    // What is cancelled, or stopped by a person, is so by no outcome on the record: this start may be the first to know.
    const wasStopped = status === "cancelled" || isKilled;
    if (record.reused > 0 && !this.#live.has(record) && !hadToStop && !wasStopped) return;
    const step = record.path;
    if (status === "skipped") event({ type: "step.skipped", step, data: { cause: record.skipCause } });
    else if (status === "cancelled") event({ type: "step.cancelled", step });
    else if (status === "succeeded") event({ type: "step.succeeded", step, data: figures(record) });
    else {
      const { class: failureClass, code, message } = record.failure as Failure;
      event({ type: "step.failed", step, data: { class: failureClass, code, message, caught, ...figures(record) } });
    }
  }
}

function ended(record: StepRecord, endedAt: number): void {
  record.endedAt = Math.max(record.endedAt ?? endedAt, endedAt);
}

/** Time, items, tokens and cost of a step that is over. */
function figures(record: StepRecord): JsonObject {
  const { startedAt, endedAt, items } = record;
  const data: { [name: string]: Json } = { duration_ms: Math.max(0, (endedAt ?? 0) - (startedAt ?? endedAt ?? 0)) };
  if (items !== null) {
    const count = (status: ItemRecord["status"]): number => items.filter((item) => item.status === status).length;
    data["items"] = {
      total: items.length,
      succeeded: count("succeeded"),
      failed: count("failed"),
      cancelled: count("cancelled"),
    };
  }
  const { usage, costUsd } = stepSpend(record);
  if (usage.calls > 0) {
    data["tokens"] = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens + usage.outputTokens;
    data["cost_usd"] = costUsd;
  }
  return data;
}

/** All steps inside, of groups and their items too. */
function* within(steps: readonly StepRecord[]): Generator<StepRecord> {
  for (const step of steps) {
    yield step;
    for (const { inner } of [step, ...(step.items ?? [])]) if (inner !== null) yield* within(inner.steps);
  }
}

function place(start: Start): { step: string; item?: number; attempt: number } {
  return { step: start.path, ...(start.item === null ? {} : { item: start.item }), attempt: start.attempt };
}
