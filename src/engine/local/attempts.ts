import {
  attemptKey,
  expiredKey,
  isOfSibling,
  isOfUnit,
  killKey,
  labelOf,
  typedLabel,
  unitKey,
} from "../../run/attempt-key.ts";
import type { Artifact } from "../../run/artifact.ts";
import { pureFact, UNTOLD, type Fact } from "../../run/fact.ts";
import { deadLetterId } from "../../run/dead-letter.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { fingerprintChange } from "../../run/fingerprint.ts";
import type { AttemptCommand } from "../../run/scheduler/command.ts";
import type { AttemptOutcome, SchedulerEvent } from "../../run/scheduler/event.ts";
import { addSpend, type StepRecord } from "../../run/state.ts";
import type { WaitsFor } from "../../run/waits-for.ts";
import type { ValueRef } from "../../run/value-ref.ts";
import { formatDuration } from "../../util/duration.ts";
import { InternalError } from "../../util/internal-error.ts";
import type { Json } from "../../util/json.ts";
import { NumberMap } from "../../util/number-map.ts";
import { expressionFailure } from "../step/expression-failure.ts";
import type { AttemptResult } from "../step/handler.ts";
import type { CoreOptions } from "./core-options.ts";
import type { DeadLetters } from "./dead-letters.ts";
import type { Gates } from "./gates.ts";
import type { Ledger, UnitEnd } from "./ledger.ts";
import { ModelCalls, together } from "./model-calls.ts";
import { idempotencyKey, prepareTask } from "./prepare-task.ts";
import { cachedWork, findCached, type CacheTools } from "./run-cache.ts";
import type { Scopes } from "./scopes.ts";
import type { Start, StartReason } from "./sink.ts";
import { pathsOf } from "./step-read.ts";
import type { Task, UnitWork } from "./unit-work.ts";

/** The fingerprint of a stop by a person: it holds whatever else changes. */
export const KILLED = "killed";

/** The code of a failure that leaves its stage at once: the circuit breaker of whom it asks is open. */
const CIRCUIT_OPEN = "circuit_open";

/** Who is answered: a unit, and which start of it. */
export type Answered = Pick<AttemptCommand, "unit" | "serial">;

export interface AttemptOptions {
  readonly options: CoreOptions;
  readonly scopes: Scopes;
  readonly gates: Gates;
  readonly ledger: Ledger;
  readonly letters: DeadLetters;
  readonly post: (event: SchedulerEvent) => void;
  readonly remember: (fact: Fact) => void;
}

/**
 * The units in flight and their attempts. An attempt is answered at once when a fact, or the plan alone, knows its
 * outcome; else it is handed to the sink, and `settle` takes what came of it.
 */
export class Attempts {
  readonly calls: ModelCalls;
  readonly #o: AttemptOptions;
  readonly #units = new NumberMap<UnitWork>();
  readonly #killed = new Set<StepRecord>();
  #isWithholding = false;
  readonly #withheld = new Set<number>();
  /** Outcomes by their units, until the scheduler hears of them: they go on the record with what follows from them. */
  readonly #unsaid = new Map<number, Fact>();
  /** Open attempts of groups whose end by their timeout is on the record. */
  #expiring: Answered[] = [];

  constructor(options: AttemptOptions) {
    this.#o = options;
    this.calls = new ModelCalls({ ...options.options, remember: options.remember });
  }

  /** It may not start: only another unit may, or none. */
  isHeld({ name }: UnitWork): boolean {
    const { only } = this.#o.options;
    return this.#isWithholding || (only !== undefined && !isOfUnit(name, only));
  }

  /** From now on nothing starts that no fact answers: the run is about to be stopped. */
  withhold(): void {
    this.#isWithholding = true;
  }

  releaseAll(): void {
    this.#isWithholding = false;
  }

  /** The attempt that the unit is at was withheld. */
  wasWithheld(unit: number): boolean {
    return this.#withheld.has(unit);
  }

  /** A sibling of the only unit that may start: it waits too, so that it does not decide their step. */
  #isBesideOnly({ name }: UnitWork): boolean {
    const { only } = this.#o.options;
    return only !== undefined && isOfSibling(name, only);
  }

  /** A unit in flight. */
  unit(id: number): UnitWork {
    const unit = this.#units.get(id);
    if (unit === undefined) throw new InternalError(`unit ${id} is not in flight`);
    return unit;
  }

  /** The unit, if it is still in flight. */
  find(id: number): UnitWork | undefined {
    return this.#units.get(id);
  }

  /** The unit is over. */
  end(id: number): void {
    const unit = this.#units.get(id);
    if (unit === undefined) return;
    if (unit.inside !== null) this.#o.options.sink.unlimit(id);
    this.#o.scopes.close(unit);
    this.#units.delete(id);
    this.#withheld.delete(id);
  }

  /** An attempt that was started has ended. What it paid for is kept, even when nobody waits for it any more. */
  settle(start: Start, result: AttemptResult): void {
    const { facts, now, keep } = this.#o.options;
    const started = facts.find(start.key, start.fingerprint);
    if (started === null) throw new InternalError(`attempt ${start.key} ended without a start`);
    const endedAt = now();
    const { extra, model, usage, costUsd } = result;
    addSpend(start.record, { model, usage, costUsd });
    const spent = { extra, ...together(started, { model, usage, costUsd }) };
    const unit = this.#units.get(start.unit);
    const isAwaited = unit?.key === start.key;
    const wrong = result.ok ? batchFailure(start, unit, result.output) : result.failure;
    if (result.ok && wrong === null) {
      const output = keep(result.output);
      const artifacts = this.#keepFiles(result.artifacts ?? []);
      const { isFromCache = false } = result;
      const files = artifacts === null ? {} : { artifacts };
      const origin = isFromCache ? { isFromCache } : {};
      this.#keep(start, isAwaited, { ...started, ...spent, ...files, ...origin, state: "succeeded", endedAt, output });
      if (isFromCache && unit !== undefined) this.#o.ledger.fromCache(unit, start);
      if (!isFromCache && start.cacheKey !== null)
        this.#o.options.sink.cached({ key: start.cacheKey, output, extra, artifacts, model, createdAt: endedAt });
      if (isAwaited) this.#succeed(start, unit, { output, extra, artifacts }, endedAt);
    } else if (wrong?.class === "cancelled" && !this.#killed.has(start.record)) {
      // It has no outcome: as after a crash, a resume starts it again, or says that its outcome is unknown.
      if (usage !== null) this.#keep(start, isAwaited, { ...started, ...spent });
      if (isAwaited) this.#fail(start, unit, wrong, extra, endedAt);
    } else if (wrong !== null) {
      this.#keep(start, isAwaited, { ...started, ...spent, state: "failed", endedAt, output: null, failure: wrong });
      if (!isAwaited) return;
      if (wrong.class !== "cancelled") this.#o.ledger.attemptFailed(start, unit, wrong);
      this.#fail(start, unit, wrong, extra, endedAt);
    }
  }

  #keep(start: Start, isAwaited: boolean, fact: Fact): void {
    if (isAwaited) this.#unsaid.set(start.unit, fact);
    else this.#o.remember(fact);
  }

  /** Puts what came of a unit's attempt on the record; of all units by default. */
  say(units: Iterable<number> = [...this.#unsaid.keys()]): void {
    for (const unit of units) {
      const fact = this.#unsaid.get(unit);
      if (fact === undefined) continue;
      this.#unsaid.delete(unit);
      this.#o.remember(fact);
    }
  }

  /** A step is stopped by a person: that it failed is a fact, also for what has not started yet. */
  kill(record: StepRecord, name: string): void {
    this.#killed.add(record);
    this.#o.remember(pureFact(killKey(name), KILLED, { inline: null }, this.#o.options.now()));
  }

  /** The timeout of a group or sub-workflow is over: no fact inside tells of it, so it is one itself. */
  expire(answered: Answered): void {
    const unit = this.#units.get(answered.unit);
    if (unit === undefined || unit.inside === null || unit.task === null) return;
    const { step, fingerprint } = unit.task;
    const after = formatDuration(step.timeoutMs ?? 0);
    const why = failure("timeout", "timeout", `'${unit.record.path}' did not end within ${after}`);
    const endedAt = this.#o.options.now();
    const fact = pureFact(expiredKey(unit.key), fingerprint, { inline: null }, endedAt);
    this.#o.remember({ ...fact, state: "failed", output: null, failure: why });
    this.#o.ledger.groupAttemptFailed(unit, why);
    this.#fail(answered, unit, why, null, endedAt);
  }

  /** Whether an open attempt of a group is known to have ended by its timeout. */
  get isExpiring(): boolean {
    return this.#expiring.length > 0;
  }

  /** Ends what ended by its timeout before, once its facts have answered; true when there was any. */
  expireKnown(): boolean {
    if (!this.isExpiring) return false;
    const known = this.#expiring;
    this.#expiring = [];
    for (const answered of known) {
      const unit = this.#units.get(answered.unit);
      if (unit !== undefined) this.#failExpired(answered, unit);
    }
    return true;
  }

  /** False when its timeout did not end it. */
  #failExpired(answered: Answered, unit: UnitWork): boolean {
    const { expiry } = unit;
    if (expiry === null) return false;
    unit.expiry = null;
    this.#o.ledger.groupAttemptFailed(unit, expiry.failure as Failure);
    this.#fail(answered, unit, expiry.failure as Failure, null, expiry.endedAt ?? expiry.startedAt);
    return true;
  }

  /** Starts an attempt, or answers it at once. */
  begin(command: AttemptCommand): void {
    const unit = this.#units.get(command.unit) ?? this.#open(command);
    const task = this.#taskOf(unit, command);
    if (task.refused !== null) {
      // A unit whose values cannot be made never starts: it fails the same way every time.
      this.#o.ledger.stepStarted(unit.record);
      this.#fail(command, unit, task.refused, null, this.#o.options.now());
    } else if (task.work === null) this.#attemptInside(command, unit, task);
    else if (task.work.kind === "now") {
      this.#o.ledger.stepStarted(unit.record);
      this.#o.ledger.countAttempt(unit);
      const { output, artifacts = [], extra = null } = task.work;
      const place = { step: task.step, path: unit.record.path, item: unit.item?.index ?? null };
      const wrong = batchFailure(place, unit, output);
      if (wrong !== null) return this.#fail(command, unit, wrong, null, this.#o.options.now());
      const end = { output: this.#o.options.keep(output), extra, artifacts: this.#keepFiles(artifacts) };
      this.#succeed(command, unit, end, this.#o.options.now());
    } else this.#attemptLater(command, unit, task, task.work);
  }

  #open({ unit: id, scope, step: index, item: position }: AttemptCommand): UnitWork {
    const view = this.#o.scopes.view(scope);
    const record = view.stepRecord(index);
    const item = record.items === null ? null : { index: position, record: view.itemRecord(index, position) };
    const name = unitKey(view.keyPrefix, record.id, item?.record.name ?? null);
    const unit: UnitWork = {
      view,
      index,
      record,
      item,
      name,
      task: null,
      key: "",
      failure: null,
      output: null,
      previous: null,
      endedAt: null,
      isRecalled: false,
      untold: null,
      isFailedInside: false,
      inside: null,
      expiry: null,
    };
    this.#units.set(id, unit);
    return unit;
  }

  /** What the unit does in this iteration and stage: resolved once for all attempts of it. */
  #taskOf(unit: UnitWork, command: AttemptCommand): Task {
    const before = unit.task;
    if (before !== null && before.iteration === command.iteration && before.stage === command.stage) return before;
    // A new round starts afresh but for `previous`: what the round, or the stage before, came to.
    if (before !== null) unit.previous = unit.output;
    unit.task = prepareTask(unit, command, this.#o.options);
    return unit.task;
  }

  /** An attempt with effects: a fact answers, or it was lost, or it starts. */
  #attemptLater(command: AttemptCommand, unit: UnitWork, task: Task, work: Start["work"]): void {
    const { facts, now } = this.#o.options;
    unit.key = attemptKey(unit.name, command);
    if (this.#leads(task)) (unit.item?.record ?? unit.record).attemptKey = unit.key;
    const recorded = facts.find(unit.key, task.fingerprint);
    const fact = recorded ?? (this.#o.options.isTold === true ? (facts.all(unit.key).at(-1) ?? null) : null);
    const isAnswered = fact !== null && (fact.state === "succeeded" || fact.state === "failed");
    if (this.isHeld(unit) && (!isAnswered || this.#isBesideOnly(unit))) return this.#leave(command);
    if (isAnswered) {
      if (fact.isFromCache === true) this.#o.ledger.fromCache(unit);
      else this.#o.ledger.countAttempt(unit);
      this.#recall(command, unit, task, work, fact);
      return;
    }
    // Who is told of a run learns of nothing that was not begun.
    if (this.#o.options.isTold === true && fact === null) return;
    const isLost = fact !== null && facts.takeLost(fact);
    if (isLost && (task.step.effect !== "unsafe" || work.goesOnInside === true)) {
      // Not a retry: the same attempt starts again, and is counted then.
      this.#o.post({ type: "ended", unit: command.unit, serial: command.serial, outcome: { kind: "lost" } });
      return;
    }
    const start: Start = {
      unit: command.unit,
      serial: command.serial,
      step: task.step,
      record: unit.record,
      path: unit.record.path,
      since: fact?.startedAt ?? now(),
      item: unit.item?.index ?? null,
      attempt: command.attempt,
      key: unit.key,
      fingerprint: task.fingerprint,
      idempotencyKey: idempotencyKey(this.#o.options.info.runId, unit, task),
      cacheKey: task.cacheKey,
      work,
      reason: this.#reason(command.attempt, unit, task, fact),
    };
    const { cache } = this.#o.options;
    if (fact === null && task.cacheKey !== null && cache !== null) {
      this.#startCached(start, unit, task.cacheKey, { ...this.#o.options, cache });
      return;
    }
    this.#o.ledger.countAttempt(unit);
    if (!isLost) this.#start(start, unit, fact);
    else if (this.#o.options.isRecall === true) this.#leaveOpen({ ...start, reason: "unknown" });
    else this.#outcomeUnknown(start, unit, fact);
  }

  /** Its agent may start others. */
  #leads({ step: { body } }: Task): boolean {
    if (body.kind !== "agent" || body.agent === null) return false;
    return this.#o.options.info.plan.agents[body.agent]?.tools?.spawn !== undefined;
  }

  /** It is not started. Withheld, it keeps no slot from what facts may answer. */
  #leave({ unit, serial }: AttemptCommand): void {
    if (!this.#isWithholding) return;
    this.#withheld.add(unit);
    this.#o.post({ type: "blocked", unit, serial });
  }

  /** An outcome of an earlier run answers at once; where it left files behind they are taken over first. */
  #startCached(start: Start, unit: UnitWork, key: string, tools: CacheTools): void {
    const { ledger, remember, options } = this.#o;
    const isAskedFor = options.isAskedFor?.(labelOf(start)) === true;
    const found = isAskedFor ? null : findCached(key, start.step.cache?.ttlMs ?? null, tools);
    const hit = found === "damaged" ? null : found;
    if (hit === null || (hit.artifacts.length > 0 && options.isRecall !== true)) {
      ledger.countAttempt(unit);
      this.#start({ ...start, work: cachedWork(start, hit, tools) }, unit, null);
      if (found === "damaged") ledger.cacheDamaged(start);
      return;
    }
    const at = options.now();
    const { output, extra, model } = hit;
    const artifacts = this.#keepFiles(hit.artifacts);
    remember({ ...pureFact(start.key, start.fingerprint, output, at), extra, model, isFromCache: true });
    ledger.stepStarted(unit.record);
    ledger.fromCache(unit, start);
    addSpend(unit.record, { model, usage: null, costUsd: null });
    this.#succeed(start, unit, { output, extra, artifacts }, at);
  }

  /** `before` is what an earlier start of the same attempt left behind: what that cost stays on the record. */
  #start(start: Start, unit: UnitWork, before: Fact | null): void {
    const startedAt = start.work.isWaiting ? start.since : this.#o.options.now();
    this.#o.ledger.tellAttempt(unit, 0);
    this.#o.ledger.stepStarted(unit.record, startedAt);
    unit.endedAt = null;
    unit.isRecalled = false;
    this.#o.remember({
      key: start.key,
      fingerprint: start.fingerprint,
      state: start.work.isWaiting ? "waiting" : "started",
      starts: (before?.starts ?? 0) + (before?.state === "waiting" ? 0 : 1),
      startedAt,
      endedAt: null,
      output: before?.state === "waiting" ? before.output : null,
      extra: null,
      failure: null,
      model: before?.model ?? null,
      usage: before?.usage ?? null,
      costUsd: before?.costUsd ?? null,
    });
    if (before !== null) addSpend(unit.record, before);
    this.calls.addPaid(start.key, start.fingerprint, unit.record);
    this.#o.ledger.attemptStarted(start, unit);
    // For who reads a run: the answer is still out.
    if (this.#o.options.isRecall === true && before?.state === "waiting" && before.output !== null)
      this.#o.ledger.waits(unit);
    this.#o.options.sink.start(start);
    // What waits for something outside holds no slot.
    if (start.work.isWaiting) this.#o.post({ type: "blocked", unit: start.unit, serial: start.serial });
  }

  /** An attempt waits for somebody outside: that is on the record, and that nothing of it is in flight. */
  park(start: Start, what: WaitsFor): void {
    this.hold(start, what);
    this.#o.ledger.parked(start, this.#units.get(start.unit), what);
  }

  /** The same of an attempt that another one has started, which is parked with it. */
  hold(start: Start, what: WaitsFor): void {
    const { facts, keep } = this.#o.options;
    const started = facts.find(start.key, start.fingerprint);
    if (started === null) throw new InternalError(`attempt ${start.key} waits without a start`);
    this.#o.remember({ ...started, state: "waiting", output: keep(what as unknown as Json) });
  }

  /** A recorded outcome answers: nothing is started, nothing is paid. */
  #recall(answered: Answered, unit: UnitWork, task: Task, { model }: Start["work"], fact: Fact): void {
    const isUntold = fact.extra?.[UNTOLD] === true;
    unit.isRecalled = !isUntold;
    this.#o.ledger.recalled(unit, model, fact);
    if (isUntold) this.#o.remember({ ...fact, extra: null });
    addSpend(unit.record, fact);
    if (model !== null) {
      this.calls.addUp(fact.key, unit.record);
      this.calls.addPaid(fact.key, fact.fingerprint, unit.record);
    }
    const endedAt = fact.endedAt ?? fact.startedAt;
    if (fact.state === "succeeded") {
      const { output, extra, artifacts = null } = fact;
      if (artifacts !== null) this.#o.options.sink.left(unit.record.path, task.step, artifacts);
      this.#succeed(answered, unit, { output: output as ValueRef, extra: isUntold ? null : extra, artifacts }, endedAt);
    } else this.#fail(answered, unit, fact.failure as Failure, fact.extra, endedAt);
  }

  /** Nobody knows what came of it: for who reads a run, it is still under way. */
  #leaveOpen(start: Start): void {
    start.record.status = "running";
    this.#o.options.sink.start(start);
  }

  #outcomeUnknown(start: Start, unit: UnitWork, fact: Fact): void {
    const at = this.#o.options.now();
    const why = failure(
      "internal",
      "outcome_unknown",
      `'${labelOf(start)}' was running when its runner stopped: nobody knows whether it took effect, so it is not repeated`,
      {
        help: helpInDoubt(this.#o.options.info.runId, unit.name, labelOf(start)),
      },
    );
    this.#o.remember({ ...fact, state: "failed", endedAt: at, failure: why });
    this.#o.ledger.stepStarted(unit.record);
    this.#fail(start, unit, why, null, at);
  }

  #keepFiles(artifacts: readonly Artifact[]): ValueRef | null {
    return artifacts.length === 0 ? null : this.#o.options.keep(artifacts as unknown as Json);
  }

  #succeed(answered: Answered, unit: UnitWork, end: UnitEnd, endedAt: number): void {
    this.#o.ledger.keepOutput(unit, end, endedAt);
    this.#o.post({ type: "ended", unit: answered.unit, serial: answered.serial, outcome: { kind: "succeeded" } });
  }

  #fail(answered: Answered, unit: UnitWork, why: Failure, extra: Fact["extra"], endedAt: number): void {
    this.#o.ledger.keepFailure(unit, why, extra, endedAt);
    const outcome: AttemptOutcome = {
      kind: "failed",
      class: why.class,
      retryAfterMs: why.retryAfterMs,
      // Nor is a person asked again who has answered, or has not in time.
      ...(why.code === CIRCUIT_OPEN || unit.task?.step.body.kind === "approval" ? { leavesStage: true } : {}),
    };
    const recalled = unit.isRecalled ? { isRecalled: true } : {};
    this.#o.post({ type: "ended", unit: answered.unit, serial: answered.serial, outcome, ...recalled });
  }

  /** `until` on the output of a round. */
  judge(command: Answered): void {
    const unit = this.unit(command.unit);
    if (unit.task === null || unit.output === null) throw new InternalError("a round without an output is judged");
    const read = unit.view.read(unit.index);
    const accept = read.accepts[unit.task.stage];
    // A stage of a handoff that asks for nothing takes what comes.
    if (accept === null)
      return this.#o.post({ type: "judged", unit: command.unit, serial: command.serial, verdict: "accept" });
    const until = accept ?? read.until;
    if (until === null) throw new InternalError(`'${unit.record.path}' has nothing to be judged by`);
    this.#o.ledger.roundEnded(unit, unit.output);
    const variables = { ...unit.task.variables, output: this.#o.options.read(unit.output) };
    const verdict = this.#o.options.evaluator.evaluate(
      until,
      unit.view.values(accept === undefined ? read.untilPaths : pathsOf([until]), unit.index, variables),
    );
    const answer = (is: "accept" | "reject" | "error"): void =>
      this.#o.post({ type: "judged", unit: command.unit, serial: command.serial, verdict: is });
    if (verdict.ok && typeof verdict.value === "boolean") {
      // What was not accepted is nobody's output; the next one finds it as `previous`.
      if (!verdict.value && accept !== undefined) this.#o.ledger.disown(unit);
      return answer(verdict.value ? "accept" : "reject");
    }
    const problem = verdict.ok
      ? { code: "not_boolean", message: `it gives ${JSON.stringify(verdict.value).slice(0, 100)}, not true or false` }
      : verdict.error;
    this.#o.ledger.keepFailure(
      unit,
      expressionFailure(accept === undefined ? "until" : "accept", unit.record.path, problem),
      null,
      this.#o.options.now(),
    );
    answer("error");
  }

  /** Why no recorded outcome answers this attempt. */
  #reason(attempt: number, unit: UnitWork, task: Task, fact: Fact | null): StartReason {
    if (fact !== null) return fact.state === "waiting" ? "waiting" : "lost";
    if (attempt > 1) return "retry";
    const before = this.#o.options.facts.all(unit.key).at(-1);
    if (before === undefined) return "new";
    return fingerprintChange(before.fingerprint, task.fingerprint) === "step" ? "step_changed" : "values_changed";
  }

  /** An attempt of a group or sub-workflow: what is passed to it must be there before its steps are. */
  #attemptInside(command: AttemptCommand, unit: UnitWork, task: Task): void {
    const { scopes, ledger, letters, options, post } = this.#o;
    scopes.close(unit);
    unit.isFailedInside = false;
    if (command.attempt > 1) letters.begunAnew(unit, command.iteration);
    unit.key = attemptKey(unit.name, command);
    ledger.tellAttempt(unit, 0);
    ledger.countAttempt(unit);
    ledger.stepStarted(unit.record);
    if (unit.item !== null) unit.item.record.status = "running";
    const entry = scopes.prepare(command.unit, unit, task);
    if (!entry.ok) {
      this.#fail(command, unit, entry.error, null, options.now());
      return;
    }
    unit.expiry = options.facts.find(expiredKey(unit.key), task.fingerprint);
    if (unit.expiry !== null) this.#expiring.push({ unit: command.unit, serial: command.serial });
    else if (task.step.timeoutMs !== null && !this.isHeld(unit))
      options.sink.limit(command.unit, command.serial, task.step.timeoutMs);
    post({ type: "entered", unit: command.unit, serial: command.serial });
  }

  /** The scope inside a unit was opened. */
  enter(id: number, scope: number): void {
    this.#o.scopes.enter(id, this.unit(id), scope);
  }

  /** All steps inside a unit have ended. */
  leave(answered: Answered, isFailed: boolean): void {
    const { scopes, options } = this.#o;
    const unit = this.unit(answered.unit);
    options.sink.unlimit(answered.unit);
    const endedAt = this.#o.ledger.scopeEnded(unit);
    const outputs = scopes.leave(unit, isFailed);
    if (this.#failExpired(answered, unit)) return;
    unit.isFailedInside = isFailed;
    if (outputs.ok) {
      this.#succeed(answered, unit, { output: options.keep(outputs.value), extra: null, artifacts: null }, endedAt);
      return;
    }
    this.#o.ledger.groupAttemptFailed(unit, outputs.error);
    this.#fail(answered, unit, outputs.error, null, endedAt);
  }
}

/** The unit alone, now; or with the rest of the run. */
function helpInDoubt(runId: string, key: string, label: string): string {
  const alone = `muster dead-letters retry ${deadLetterId({ runId, key })} --rerun`;
  return `see what it did; to run it again: ${alone}, or muster resume ${runId} --rerun ${typedLabel(label)}; a step that may be repeated says 'idempotent: true'`;
}

/** A batch whose list has not one result for each item. */
function batchFailure(
  start: Pick<Start, "step" | "path" | "item">,
  unit: UnitWork | undefined,
  output: Json,
): Failure | null {
  if (start.step.fan?.batch?.flatten !== true || !Array.isArray(output) || unit?.item === null || unit === undefined)
    return null;
  const items = (unit.item.record.item as readonly Json[]).length;
  if (output.length === items) return null;
  return failure(
    "output",
    "batch_count",
    `'${start.path}[${start.item ?? 0}]' gave ${output.length} results for a batch of ${items} items`,
    {
      help: "say in the task that there must be one result an item, in their order; or write `flatten: false`",
    },
  );
}
