import type { Fact } from "../../run/fact.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { StepCommand, UnitCommand } from "../../run/scheduler/command.ts";
import type { ItemRecord, StepRecord } from "../../run/state.ts";
import type { ValueRef } from "../../run/value-ref.ts";
import type { Json, JsonObject } from "../../util/json.ts";
import { joinFailure, unitFailure } from "./failing.ts";
import type { RunView } from "./run-view.ts";
import type { EventDraft, Start } from "./sink.ts";
import type { UnitWork } from "./unit-work.ts";

export interface LedgerOptions {
  readonly view: RunView;
  readonly event: (event: EventDraft) => void;
  readonly now: () => number;
}

/** Keeps the records of steps and items, and tells what changes in them as events. */
export class Ledger {
  readonly #o: LedgerOptions;
  /** Steps of which something was started in this epoch: the others were told before. */
  readonly #live = new Set<number>();

  constructor(options: LedgerOptions) {
    this.#o = options;
  }

  /** Something of the step is done for the first time in this epoch. */
  stepStarted(index: number): void {
    const { view, now, event } = this.#o;
    const record = view.stepRecord(index);
    record.startedAt ??= now();
    record.status = "running";
    if (this.#live.has(index)) return;
    this.#live.add(index);
    event({ type: "step.started", step: record.path, data: { kind: record.kind, ...(record.items === null ? {} : { items: record.items.length }) } });
  }

  /** An attempt begins. */
  attemptStarted(start: Start): void {
    const { view, event } = this.#o;
    const index = view.indexOf(start.path) as number;
    view.stepRecord(index).askedModel = start.work.model;
    if (start.item !== null) view.itemRecord(index, start.item).status = "running";
    event({ type: "attempt.started", ...place(start), data: start.work.model === null ? {} : { model: start.work.model } });
  }

  /** An attempt has failed: told once it is known whether another one follows (`tellAttempt`). */
  attemptFailed(start: Start, unit: UnitWork, { class: failureClass, code, message }: Failure): void {
    unit.untold = { type: "attempt.failed", ...place(start), data: { class: failureClass, code, message } };
  }

  /** `retryInMs` null = no other attempt follows. */
  tellAttempt(unit: UnitWork | undefined, retryInMs: number | null): void {
    if (unit === undefined || unit.untold === null) return;
    const data = { ...unit.untold.data, ...(retryInMs === null ? {} : { retry_in_ms: retryInMs }) };
    this.#o.event({ ...unit.untold, data });
    unit.untold = null;
  }

  /** An outcome of an earlier epoch answers. */
  recalled(start: Start, fact: Fact): void {
    const record = this.#o.view.stepRecord(this.#o.view.indexOf(start.path) as number);
    record.startedAt = Math.min(record.startedAt ?? fact.startedAt, fact.startedAt);
    record.status = "running";
    record.askedModel = start.work.model;
    record.reused += 1;
  }

  countAttempt(unit: UnitWork): void {
    const { view } = this.#o;
    view.stepRecord(unit.step).attempts += 1;
    if (unit.item !== null) view.itemRecord(unit.step, unit.item.index).attempts += 1;
  }

  keepOutput(unit: UnitWork, output: ValueRef, extra: Fact["extra"], endedAt: number): void {
    unit.endedAt = endedAt;
    unit.failure = null;
    const record = this.#ended(unit, endedAt);
    if (unit.item !== null) this.#o.view.itemRecord(unit.step, unit.item.index).output = output;
    else Object.assign(record, { output, extra, failure: null });
  }

  keepFailure(unit: UnitWork, why: Failure, extra: Fact["extra"], endedAt: number): void {
    unit.endedAt = endedAt;
    unit.failure = why;
    const record = this.#ended(unit, endedAt);
    if (unit.item !== null) this.#o.view.itemRecord(unit.step, unit.item.index).failure = why;
    else Object.assign(record, { failure: why, extra });
  }

  unitEnded(command: UnitCommand, unit: UnitWork | undefined): void {
    const { view, event } = this.#o;
    this.tellAttempt(unit, null);
    const record = view.stepRecord(command.step);
    const why = command.status === "failed" ? unitFailure(command, record.path, unit?.failure ?? null) : null;
    if (record.items === null) {
      record.failure = why;
      return;
    }
    const item = view.itemRecord(command.step, command.item);
    item.status = command.status;
    item.failure = why;
    if (command.status === "cancelled" || unit?.isRecalled === true) return;
    const data = why === null ? {} : { data: { class: why.class, code: why.code, message: why.message } };
    event({ type: command.status === "succeeded" ? "item.succeeded" : "item.failed", step: record.path, item: command.item, ...data });
  }

  /** `gateFailure` is set when it failed before it had units. */
  stepEnded(command: StepCommand, gateFailure: Failure | undefined): StepRecord {
    const { view, now } = this.#o;
    const record = view.stepRecord(command.step);
    record.status = command.status;
    record.caught = command.caught;
    record.skipCause = command.cause;
    record.winner = command.winner;
    for (const item of record.items ?? []) if (item.status === "pending" || item.status === "running") item.status = "cancelled";
    if (command.status === "failed") {
      const join = record.items === null ? null : joinFailure(record, view.step(command.step));
      record.failure = gateFailure ?? join ?? record.failure ?? failure("cancelled", "killed", `'${record.path}' was stopped on request`);
    }
    if (command.status === "succeeded" || command.status === "failed") record.endedAt ??= now();
    return record;
  }

  /** Tells how the step ended, unless that was told in an earlier epoch. */
  tellStep({ step: index, status, cause, caught }: StepCommand): void {
    const { view, event } = this.#o;
    const record = view.stepRecord(index);
    if (record.reused > 0 && !this.#live.has(index)) return;
    const step = record.path;
    if (status === "skipped") event({ type: "step.skipped", step, data: { cause } });
    else if (status === "cancelled") event({ type: "step.cancelled", step });
    else if (status === "succeeded") event({ type: "step.succeeded", step, data: figures(record) });
    else {
      const { class: failureClass, code, message } = record.failure as Failure;
      event({ type: "step.failed", step, data: { class: failureClass, code, message, caught, ...figures(record) } });
    }
  }

  #ended(unit: UnitWork, endedAt: number): StepRecord {
    const record = this.#o.view.stepRecord(unit.step);
    record.endedAt = Math.max(record.endedAt ?? endedAt, endedAt);
    return record;
  }
}

/** Time, items, tokens and cost of a step that is over. */
function figures(record: StepRecord): JsonObject {
  const { startedAt, endedAt, items, usage } = record;
  const data: { [name: string]: Json } = { duration_ms: Math.max(0, (endedAt ?? 0) - (startedAt ?? endedAt ?? 0)) };
  if (items !== null) {
    const count = (status: ItemRecord["status"]): number => items.filter((item) => item.status === status).length;
    data["items"] = { total: items.length, succeeded: count("succeeded"), failed: count("failed"), cancelled: count("cancelled") };
  }
  if (usage !== null) {
    data["tokens"] = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens + usage.outputTokens;
    data["cost_usd"] = record.costUnknown ? null : record.costUsd;
  }
  return data;
}

function place(start: Start): { step: string; item?: number; attempt: number } {
  return { step: start.path, ...(start.item === null ? {} : { item: start.item }), attempt: start.attempt };
}
