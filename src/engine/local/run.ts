import { openGate, type CallGate } from "../../agent/call-gate.ts";
import type { Answer } from "../../run/answer.ts";
import type { StoredEvent } from "../../run/event.ts";
import { isNamed, labelOf } from "../../run/attempt-key.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { budgetLines } from "../../run/budget/line.ts";
import { addChildren } from "../../run/child.ts";
import type { Fact } from "../../run/fact.ts";
import type { AuditCopy, Telemetry } from "../../reporter/reporter.ts";
import type { RunMode } from "../../run/figures.ts";
import { measureRun } from "../../run/measure-run.ts";
import type { WaitsFor } from "../../run/waits-for.ts";
import type { Redactor } from "../../run/redact.ts";
import { ratedScope, waitInOpenSteps } from "../../run/state.ts";
import { roundUsd } from "../../run/spend.ts";
import type { MayTake } from "../../store/session.ts";
import type { Batch, Lease, Store } from "../../store/store.ts";
import type { Clock } from "../../util/clock.ts";
import { formatDuration } from "../../util/duration.ts";
import type { Log } from "../../util/log.ts";
import { NumberMap } from "../../util/number-map.ts";
import type { Json, JsonObject } from "../../util/json.ts";
import { gateOf } from "../policy/gate.ts";
import type { PolicyHost } from "../policy/host.ts";
import type { SessionAccess } from "../session/access.ts";
import { plainResult, type AttemptResult, type CallJournal } from "../step/handler.ts";
import { AttemptTimer } from "./attempt-timer.ts";
import { aloneSink, type Alone } from "./alone.ts";
import type { Answered } from "./attempts.ts";
import { carryOut, type GatedAttempt, type LiveAttempt, type StopReason } from "./attempt.ts";
import { Children } from "./children.ts";
import { RunCore } from "./core.ts";
import type { CoreOptions } from "./core-options.ts";
import { Inbox } from "./inbox.ts";
import { Recorder } from "./recorder.ts";
import { brokenOff, type OpenWait, type RunOutcome } from "./run-outcome.ts";
import { runSessions } from "./run-sessions.ts";
import { runState } from "./run-state.ts";
import { Steering } from "./steering.ts";
import { toolCalls } from "./tool-calls.ts";
import type { RunEnding, Sink, Start } from "./sink.ts";
import type { OpenAudit, OpenTelemetry } from "./surroundings.ts";
import { GroupTimers, Timers, UnitTimers } from "./timers.ts";

type Lean = [lean: Parameters<Children["of"]>[1], signal: AbortSignal];

/** Events of the scheduler worked on between two commits: bounds a turn to a few milliseconds. */
const EVENTS_A_TURN = 512;
const RENEW_LEASE_MS = 5_000;
const READ_INBOX_MS = 250;
/** How long what was told to stop may take before the run ends without it. */
const STOP_MS = 5_000;

export interface LocalRunOptions {
  readonly core: Omit<CoreOptions, "sink">;
  readonly store: Store;
  readonly lease: Lease;
  readonly clock: Clock;
  /** Whether the lease of another owner may be taken. */
  readonly mayTake: MayTake;
  readonly redactor: Redactor;
  /** Told of committed events. */
  readonly onEvents: (events: readonly StoredEvent[]) => void;
  readonly log: Log;
  /** Delays end at once. */
  readonly hurry: boolean;
  /** The project's values stay as they are: steps change a copy. */
  readonly isCopy: boolean;
  /** Nothing is asked and nothing is done: budgets, rates and breakers are not for it. */
  readonly isFree: boolean;
  /** Models are asked, and not a recording: rates count. */
  readonly isLive: boolean;
  /** `run.started`'s data. */
  readonly started: { readonly [name: string]: Json };
  /** Keys of facts that do not answer any more. */
  readonly forget: readonly string[];
  /** Facts to write with the first commit. */
  readonly carry?: readonly Fact[];
  /** Active time of earlier starts. */
  readonly activeMs: number;
  /** What must be done before anything starts; a failure ends the run. Default: nothing. */
  readonly before?: () => Promise<Failure | null>;
  /** The audit copy. Default: there is none. */
  readonly openAudit?: OpenAudit;
  /** Default: there is none. */
  readonly openTelemetry?: OpenTelemetry;
  /** How its answers are made. */
  readonly mode: RunMode;
  /** Somebody is asked for approvals while the run goes on, who can answer: it does not end while one is open. */
  readonly isAttended: boolean;
  /** Nobody else reaches the state of the run: no lease is renewed, and no message is looked for. Default false. */
  readonly isPrivate?: boolean;
  /** Default: all units. The core's `only` names the same one. */
  readonly alone?: Alone;
}

/**
 * Runs a plan in this process: commit, then dispatch. Everything between two commits is one group: what ended,
 * what follows from it, and what starts.
 *
 *   attempt ends --> core.drain --> commit --> start attempts, tell reporters
 *        ^                                          |
 *        '------------------------------------------'
 */
export class LocalRun implements Sink {
  /** Settles when this start of the run is over; never rejects but for a bug. */
  readonly done: Promise<RunOutcome>;
  readonly #o: LocalRunOptions;
  readonly #core: RunCore;
  readonly #recorder: Recorder;
  readonly #audit: AuditCopy | null;
  readonly #telemetry: Telemetry | null;
  /** By the number of who they are of, each of which has one at a time. */
  readonly #live = new NumberMap<LiveAttempt>();
  readonly #delays: UnitTimers;
  /** Attempts that wait for a slot to go on with. */
  readonly #slotless = new NumberMap<() => void>();
  readonly #limits: GroupTimers;
  readonly #inbox: Inbox;
  /** Inbox messages that answered an attempt: dealt with when it has ended. */
  readonly #answers = new NumberMap<number>();
  readonly #timers: Timers;
  readonly #gate: (attempt: GatedAttempt) => CallGate;
  /** Made once for all attempts. */
  readonly #children: Children;
  readonly #toolOptions: Parameters<typeof toolCalls>[1];
  readonly #stateOptions: Parameters<typeof runState>[1] &
    Pick<LocalRunOptions, "clock" | "mayTake"> &
    Pick<CoreOptions, "read">;
  readonly #sessions: SessionAccess;
  readonly #steering: Steering;
  /** Who waits for what was said so far to be durable. */
  #committed: ((isDurable: boolean) => void)[] = [];
  /** Active time of this start: stands while nothing moves without somebody from outside. */
  #active!: AttemptTimer;
  #isAttended: boolean;
  #starts: Start[] = [];
  #aborts: Answered[] = [];
  #ending: RunEnding | null = null;
  #interrupts = 0;
  /** The grace is over: whatever runs has to stop. */
  #isStopping = false;
  #isScheduled = false;
  /** Something is done before the first turn. */
  #isHeld = false;
  #isOver = false;
  #resolve!: (outcome: RunOutcome) => void;
  #reject!: (bug: unknown) => void;

  constructor(options: LocalRunOptions) {
    this.#o = options;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#isAttended = options.isAttended;
    this.#inbox = new Inbox(options.store, options.lease.runId, this);
    this.#timers = new Timers(options.clock);
    this.#delays = new UnitTimers(options.clock);
    this.#limits = new GroupTimers(options.clock);
    const sink = options.alone === undefined ? this : aloneSink(this, options.alone);
    this.#core = new RunCore({ ...options.core, sink });
    this.#recorder = new Recorder(options.store, options.lease, () => options.clock.now());
    const host = this.#host();
    this.#children = new Children({
      ...options.core,
      ...host,
      runId: options.lease.runId,
      clock: options.clock,
      calls: this.#core.attempts.calls,
      join: ({ unit, serial }) => this.#slotFor({ unit, serial }, "joined"),
      leave: ({ unit, serial }) => this.#core.post({ type: "left", unit, serial }),
      perform: (start, onEnd) => this.#perform(start, onEnd),
      steer: (start, text) => this.#steering.post(start, { id: null, text }),
    });
    this.#toolOptions = { ...options.core, ...host };
    this.#stateOptions = { ...options, ...options.core, guard: (work) => this.#guard(work) };
    this.#steering = new Steering({
      ...options.core,
      ...host,
      taken: (id) => this.taken(id),
      redact: (text) => options.redactor.text(text),
    });
    this.#sessions = runSessions({ ...this.#stateOptions, plan: options.core.info.plan });
    this.#gate = options.isFree
      ? () => openGate
      : gateOf({
          plan: options.core.info.plan,
          facts: options.core.facts,
          clock: options.clock,
          rates: options.isLive ? options.store.rates : null,
          host,
        });
    this.#audit = options.openAudit?.(options.lease.runId, (message) => this.#warn(message)) ?? null;
    this.#telemetry = options.openTelemetry?.(options.lease.runId, (message) => this.#warn(message)) ?? null;
    this.event({ type: "run.started", data: options.started });
    for (const fact of options.carry ?? []) this.#recorder.fact(fact);
    this.#core.start();
    this.#guard(() => {
      this.#countTime();
      this.#publish(this.#recorder.commit({ status: "running", forget: options.forget }));
      if (options.isPrivate !== true) this.#watch();
      if (options.before !== undefined) this.#hold(options.before());
      this.#inbox.read();
      this.#wake();
    });
  }

  #hold(before: Promise<Failure | null>): void {
    this.#isHeld = true;
    before.then((why) => this.#letGo(why), this.#reject);
  }

  #letGo(why: Failure | null): void {
    this.#isHeld = false;
    if (why !== null) {
      this.#core.stopFailure = why;
      this.#core.stop("failed");
    }
    this.#wake();
  }

  /** First call: nothing new starts, what is in flight may end within `limits.grace`. Second call: stops at once. */
  interrupt(): void {
    if (this.#isOver) return;
    this.#interrupts += 1;
    this.#core.post({ type: "interrupt" });
    if (this.#interrupts === 1) this.#timers.after(this.#o.core.info.plan.limits.graceMs, () => this.#stopNow());
    else this.#stopNow();
    this.#wake();
  }

  /** Stops the run (`step` null) or the steps of a path, as `muster kill` does. */
  kill(step: string | null): void {
    if (step === null) {
      this.#core.stopFailure = failure("cancelled", "killed", "the run was stopped on request");
      this.#core.stop("cancelled");
    } else if (!this.#children.kill(step)) this.#core.kill(step);
    this.#wake();
  }

  /** Whoever could answer is not there any more: the run ends when nothing moves without an answer. */
  leaveAlone(): void {
    this.#isAttended = false;
    this.#wake();
  }

  // ---- what other processes want

  answer(answer: Answer, id: number): boolean {
    for (const live of this.#live.values()) {
      if (live.waitsFor?.request !== answer.request) continue;
      this.#answers.set(live.start.unit, id);
      live.answer(answer);
      this.#wake();
      return true;
    }
    return false;
  }

  steer(step: string | null, text: string, id: number): void {
    const agents = [...this.#live.values()].filter(({ start }) => start.step.body.kind === "agent");
    const named = step === null ? agents : agents.filter(({ start }) => isNamed(placeOf(start), step));
    const [only, ...others] = named;
    if (only !== undefined && others.length === 0) return this.#steering.post(only.start, { id, text });
    const whom = step === null ? "the agent of the run" : `'${step}'`;
    const why = only === undefined ? "it is not at work" : `${named.length} agents are at work: name one`;
    this.event({ type: "log", data: { level: "warn", message: `a message to ${whom} reaches nobody: ${why}` } });
    this.taken(id);
  }

  taken(id: number): void {
    this.#recorder.taken(id);
    this.#wake();
  }

  refused({ path, by }: Answer): void {
    const message = `an answer to '${path}' by ${by} does not count: another one came first, or what was asked has changed`;
    this.event({ type: "log", data: { level: "warn", message } });
  }

  // ---- what the core wants

  event(event: Parameters<Sink["event"]>[0]): void {
    this.#recorder.event(event);
  }

  fact(fact: Parameters<Sink["fact"]>[0]): void {
    this.#recorder.fact(fact);
  }

  deadLetter(letter: Parameters<Sink["deadLetter"]>[0]): void {
    this.#recorder.letter(letter.key, letter);
  }

  revived(key: string): void {
    this.#recorder.letter(key, null);
  }

  cached(entry: Parameters<Sink["cached"]>[0]): void {
    this.#recorder.cached(entry);
  }

  left(): void {}

  start(start: Start): void {
    this.#starts.push(start);
  }

  abort(unit: number, serial: number): void {
    this.#aborts.push({ unit, serial });
  }

  goOn(unit: number): void {
    this.#slotless.get(unit)?.();
    this.#slotless.delete(unit);
  }

  delay(unit: number, serial: number, dueAt: number): void {
    // It was due before this start of the run: what follows from it may be on the record, and comes before anything starts.
    if (dueAt < this.#o.clock.now()) return this.#core.post({ type: "fired", unit, serial });
    const waitMs = this.#o.hurry ? 0 : Math.max(0, dueAt - this.#o.clock.now());
    this.#delays.set(unit, waitMs, () => {
      this.#core.post({ type: "fired", unit, serial });
      this.#wake();
    });
  }

  undelay(unit: number): void {
    this.#delays.cancel(unit);
  }

  limit(unit: number, serial: number, ms: number): void {
    this.#limits.set(unit, this.#core.attempts.unit(unit).key, ms, () => {
      this.#core.attempts.expire({ unit, serial });
      this.#wake();
    });
  }

  unlimit(unit: number): void {
    this.#limits.cancel(unit);
  }

  finished(ending: RunEnding): void {
    this.#ending = ending;
  }

  // ---- turns

  #wake(): void {
    if (this.#isScheduled || this.#isHeld || this.#isOver) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#guard(() => this.#turn());
    });
  }

  #turn(): void {
    const hasMore = this.#core.drain(EVENTS_A_TURN);
    if (this.#ending !== null) {
      this.#core.attempts.say();
      this.#finish(this.#ending);
      return;
    }
    const events = this.#recorder.commit();
    this.#publish(events);
    this.#answerCommitted(true);
    this.#o.log.debug({ events: events.length, starts: this.#starts.length, live: this.#live.size }, "committed");
    this.#dispatch();
    // An attempt may have committed at once, and the store refused.
    if (this.#isOver) return;
    if (hasMore) this.#wake();
    else if (!this.#isScheduled) this.#rest();
  }

  /** Nothing more follows from what is known now. Time counts where something moves; where nothing does the run ends. */
  #rest(): void {
    if (this.#interrupts > 0) this.#stopIdle();
    const now = this.#o.clock.now();
    // What is waited for until now ends by itself in a moment.
    // After an interrupt nobody gets a slot: what waits for one, to go on with what others gave it, does not move.
    const isStuck = ({ start }: LiveAttempt): boolean =>
      this.#interrupts > 0 && this.#slotless.get(start.unit) !== undefined;
    const moving = [...this.#live.values()].filter((live) => {
      const isAnswered = live.waitsFor === null || (live.waitsFor.deadline ?? Infinity) <= now;
      return isAnswered && !live.isLeaning && !isStuck(live);
    });
    if (this.#interrupts > 0 && moving.length === 0) return this.#endInterrupted();
    if (this.#o.alone !== undefined && this.#live.size + this.#delays.size === 0) return this.#endAlone(this.#o.alone);
    const isWaiting = moving.length < this.#live.size;
    if (this.#children.areStarting) return this.#active.go();
    this.#limits.follow(this.#movingKeys(moving));
    if (!isWaiting || moving.length > 0 || this.#delays.size > 0) return this.#active.go();
    // What comes by itself is waited for here.
    if ([...this.#live.values()].some(({ waitsFor }) => waitsFor?.kind === "batch")) return this.#active.stop();
    // The last look: what came in by now is answered in this start of the run.
    this.#inbox.read();
    this.#inbox.dropEarly();
    if (this.#isScheduled) return;
    this.#active.stop();
    const waits = [...this.#live.values()]
      .toSorted((a, b) => a.start.unit - b.start.unit)
      .flatMap(({ start, waitsFor: what }) => (what === null ? [] : [{ path: placeOf(start), what }]));
    if (!this.#isAttended || waits.every(({ what }) => what.kind !== "approval")) this.#endWaiting(waits);
  }

  *#movingKeys(moving: readonly LiveAttempt[]): Iterable<string> {
    for (const { start } of moving) yield start.key;
    for (const unit of this.#delays.units) yield this.#core.attempts.unit(unit).name;
  }

  #dispatch(): void {
    const starts = this.#starts;
    const aborts = this.#aborts;
    this.#starts = [];
    this.#aborts = [];
    const unwanted = new Map(aborts.map(({ unit, serial }) => [unit, serial]));
    for (const start of starts) {
      if (this.#isOver) return;
      if (unwanted.get(start.unit) === start.serial) this.#leaveOut(start);
      else this.#carryOut(start);
    }
    for (const { unit, serial } of aborts) {
      const live = this.#live.get(unit);
      if (live?.start.serial === serial) live.stop("cancelled");
    }
    // What was decided in the very turn that everything was told to stop.
    if (this.#isStopping) this.#stopAll("interrupted");
  }

  /** What was stopped in the turn that started it (a recorded outcome decided its step) has no effect and costs nothing. */
  #leaveOut(start: Start): void {
    this.#core.attempts.settle(
      start,
      plainResult({ ok: false, failure: failure("cancelled", "cancelled", `'${start.path}' was stopped`) }),
    );
    this.#wake();
  }

  #carryOut(start: Start): void {
    const { unit } = start;
    this.#perform(start, (result) => {
      const answer = this.#answers.get(unit);
      this.#answers.delete(unit);
      this.#guard(() => {
        if (result === null) return;
        this.#core.attempts.settle(start, result);
        if (answer !== undefined) this.#recorder.taken(answer);
      });
    });
  }

  /** Carries out an attempt of a step, or one that another attempt has started; `onEnd` is not told once the run is over. */
  #perform(start: Start, onEnd: (result: AttemptResult | null) => void): LiveAttempt {
    const { unit } = start;
    const surroundings = {
      runId: this.#o.lease.runId,
      trace: this.#telemetry?.traceOf(start.path, start.item) ?? null,
      clock: this.#o.clock,
      redactor: this.#o.redactor,
      calls: {
        recall: (n: number, digest: string) => this.#core.attempts.calls.recall(start, n, digest),
        record: (...call: Parameters<CallJournal["record"]>) => {
          this.#guard(() => {
            this.#core.attempts.calls.record(start, ...call);
            // At once: the next call of the attempt may be under way in this very turn.
            this.#publish(this.#recorder.commit());
          });
        },
        ticket: (n: number, digest: string) => this.#core.attempts.calls.ticket(start, n, digest),
        keepTicket: (...ticket: Parameters<CallJournal["keepTicket"]>) => {
          if (this.#isOver) return;
          this.#guard(() => this.#core.attempts.calls.keepTicket(start, ...ticket));
          this.#wake();
        },
        commit: () => {
          this.#guard(() => this.#publish(this.#recorder.commit()));
          return !this.#isOver;
        },
      },
      toolCalls: toolCalls(start, this.#toolOptions),
      steering: (n: number) => this.#said(start, n),
      state: runState(start, this.#stateOptions),
      sessions: this.#sessions,
      children: (...lean: Lean) => this.#children.of(start, ...lean),
      gate: this.#gate,
      event: (type: StoredEvent["type"], data: { readonly [name: string]: Json }) => this.#tell(start, type, data),
      parked: (what: WaitsFor) => {
        if (this.#isOver) return;
        this.#guard(() => this.#park(start, what));
        if (this.#live.get(unit) !== undefined) this.#inbox.asks(what.request);
        this.#wake();
      },
    };
    const live = carryOut(start, { ...surroundings, ...this.#slotOf(start) }, (result) => {
      this.#live.delete(unit);
      this.#slotless.delete(unit);
      if (this.#isOver) return;
      if (result !== null) this.#steering.end(start);
      onEnd(result);
      this.#wake();
    });
    this.#live.set(unit, live);
    if (this.#isOver) live.stop("interrupted");
    // It began to wait before it was known here.
    if (live.waitsFor !== null) this.#inbox.asks(live.waitsFor.request);
    return live;
  }

  /** What is said to an agent before a turn: all that was left for it by now. */
  #said(start: Start, turn: number): readonly string[] {
    let said: readonly string[] = [];
    this.#guard(() => {
      if (this.#o.isPrivate !== true) this.#inbox.read();
      said = this.#steering.take(start, turn);
    });
    return said;
  }

  /** It waits for somebody outside, and so does whoever waits for it. */
  #park(start: Start, what: WaitsFor): void {
    for (let each = start; ; each = each.parent) {
      if (each.parent === undefined) return this.#core.attempts.park(each, what);
      this.#core.attempts.hold(each, what);
    }
  }

  /** What an attempt tells while it runs. */
  #tell(start: Start, type: StoredEvent["type"], data: { readonly [name: string]: Json }): void {
    if (this.#isOver) return;
    const { path, item, attempt } = topOf(start);
    this.event({
      type,
      step: path,
      ...(item === null ? {} : { item }),
      attempt,
      data: start.parent === undefined ? data : { child: start.path, ...data },
    });
    this.#wake();
  }

  /** The run as its budgets, rates and breakers see it. */
  #host(): PolicyHost {
    return {
      now: () => this.#o.clock.now(),
      remember: (fact) => {
        this.#core.remember(fact);
        this.#wake();
      },
      event: (start, type, data) => this.#tell(start, type, data),
      guarded: (work) => {
        let result: ReturnType<typeof work> | null = null;
        this.#guard(() => (result = work()));
        return result;
      },
      committed: () => {
        if (this.#isOver) return Promise.resolve(false);
        this.#wake();
        return new Promise((resolve) => this.#committed.push(resolve));
      },
    };
  }

  #answerCommitted(isDurable: boolean): void {
    const waiting = this.#committed;
    this.#committed = [];
    for (const answer of waiting) answer(isDurable);
  }

  /** How an attempt gives its slot back and gets one again. */
  #slotOf({ unit, serial }: Start): { freeSlot: () => void; takeSlot: () => Promise<void> } {
    return {
      freeSlot: () => {
        this.#core.post({ type: "blocked", unit, serial });
        this.#wake();
      },
      takeSlot: () => this.#slotFor({ unit, serial }, "unblocked"),
    };
  }

  /** Settles when an attempt that asks for a slot has one. */
  #slotFor({ unit, serial }: Pick<Start, "unit" | "serial">, type: "joined" | "unblocked"): Promise<void> {
    return new Promise((resolve) => {
      this.#slotless.set(unit, resolve);
      this.#core.post({ type, unit, serial });
      this.#wake();
    });
  }

  // ---- what happens beside the steps

  #watch(): void {
    const { clock, store, lease } = this.#o;
    this.#timers.every(RENEW_LEASE_MS, () =>
      this.#guard(() => {
        store.renewLease(lease, clock.now());
        this.#publish(this.#recorder.commit({ activeMs: this.#activeMs(), ...this.#copied() }));
      }),
    );
    this.#timers.every(READ_INBOX_MS, () => this.#guard(() => this.#inbox.read()));
  }

  #countTime(): void {
    const { clock, core, activeMs } = this.#o;
    const { timeoutMs } = core.info.plan.limits;
    const timeOut = (): void => {
      this.#core.stopFailure = failure(
        "timeout",
        "run_timeout",
        `the run did not end within limits.timeout (${formatDuration(timeoutMs)} of active time)`,
        {
          help: "raise limits.timeout and resume; finished steps are kept",
        },
      );
      this.#core.stop("failed");
      this.#wake();
    };
    const leftMs = timeoutMs - activeMs;
    this.#active = new AttemptTimer(clock, leftMs <= 0 ? null : leftMs, timeOut);
    // Nothing starts in a run that has used up its time before.
    if (leftMs <= 0) timeOut();
  }

  #activeMs(): number {
    return this.#o.activeMs + this.#active.countedMs;
  }

  #publish(events: readonly StoredEvent[]): void {
    if (events.length === 0) return;
    this.#o.onEvents(events);
    this.#audit?.onEvents(events);
    this.#telemetry?.onEvents(events);
  }

  /** Something beside the run does not work: it is told, and the run goes on. */
  #warn(message: string): void {
    this.#o.log.warn({}, message);
    this.event({ type: "log", data: { level: "warn", message } });
    this.#wake();
  }

  /** What of the audit copy is durable by now. */
  #copied(): Pick<Batch, "copied"> {
    return this.#audit === null ? {} : { copied: this.#audit.sync() };
  }

  // ---- ends

  #finish(ending: RunEnding): void {
    this.#inbox.end();
    this.#tellEnd(ending.status, ending.failure);
    this.#end({ ...this.#soFar(), ...ending });
  }

  #endWaiting(waitsFor: readonly OpenWait[]): void {
    waitInOpenSteps(this.#core.record);
    this.#tellEnd("waiting", null);
    this.#end({ ...this.#soFar(), status: "waiting", failure: null, waitsFor });
  }

  #tellEnd(status: RunEnding["status"] | "waiting", why: Failure | null): void {
    const { usage, costUsd } = this.#o.core.facts.spend();
    const error = why === null ? null : { class: why.class, code: why.code, message: why.message };
    const spend = { input_tokens: usage.inputTokens, output_tokens: usage.outputTokens, calls: usage.calls };
    this.event({
      type: "run.finished",
      data: {
        status,
        error,
        ...this.#rating(),
        duration_ms: Math.round(this.#activeMs()),
        usage: spend,
        cost_usd: costUsd === null ? null : roundUsd(costUsd),
      },
    });
    this.#publish(this.#recorder.commit({ status, activeMs: this.#activeMs(), ...this.#figures() }));
  }

  /** The score of the run, or why there is none; nothing where the workflow has none. */
  #rating(): JsonObject {
    const { score, scoreProblem } = ratedScope(this.#core.record, this.#o.core.info.plan);
    if (scoreProblem !== null) return { score: null, score_problem: scoreProblem };
    return score === null ? {} : { score };
  }

  /** What the run took so far; a unit that ran alone leaves the figures of its run as they were. */
  #figures(): Pick<Batch, "figures"> {
    const { core, clock, mode, alone } = this.#o;
    if (alone !== undefined) return {};
    const { plan, startedAt } = core.info;
    const { record } = this.#core;
    return { figures: measureRun({ plan, record, facts: core.facts, mode, startedAt, endedAt: clock.now() }) };
  }

  #endInterrupted(): void {
    this.event({ type: "run.interrupted", data: {} });
    this.#publish(this.#recorder.commit({ status: "interrupted", activeMs: this.#activeMs(), ...this.#figures() }));
    this.#end({ ...this.#soFar(), status: "interrupted", failure: null });
  }

  /** The only unit that could run has ended: how the run stands depends on how that was. */
  #endAlone(alone: Alone): void {
    const status = alone.statusAfter();
    if (status === "interrupted") {
      this.event({ type: "run.interrupted", data: { retry: labelOf(alone) } });
      this.#publish(this.#recorder.commit({ status, activeMs: this.#activeMs(), ...this.#figures() }));
    } else this.#tellEnd(status, alone.failure);
    this.#end({ ...this.#soFar(), status: "interrupted", failure: null });
  }

  /** The grace is over: what still runs is stopped without an outcome, as by a crash. */
  #stopNow(): void {
    this.#isStopping = true;
    this.#stopAll("interrupted");
    this.#timers.after(STOP_MS, () => {
      this.#live.clear();
      this.#wake();
    });
    this.#wake();
  }

  /** What only waits for its turn gets none any more, and has nothing to lose. */
  #stopIdle(): void {
    for (const live of this.#live.values()) if (live.isIdle) live.stop("interrupted");
  }

  #stopAll(reason: StopReason): void {
    for (const live of this.#live.values()) live.stop(reason);
  }

  /** Nothing is waited for any more. */
  #standStill(): void {
    for (const timers of [this.#timers, this.#delays, this.#limits]) timers.cancelAll();
    this.#active.stop();
    this.#stopAll("interrupted");
    this.#children.abandon();
    this.#answerCommitted(false);
  }

  #soFar(): Pick<RunOutcome, "record" | "outputs" | "spend" | "budgets" | "activeMs" | "finishedAt"> {
    const { facts, info } = this.#o.core;
    const spend = facts.spend();
    addChildren(this.#core.record, facts);
    return {
      record: this.#core.record,
      outputs: null,
      spend,
      budgets: this.#o.isFree ? [] : budgetLines(info.plan, facts),
      activeMs: this.#activeMs(),
      finishedAt: this.#o.clock.now(),
    };
  }

  #end(outcome: RunOutcome): void {
    this.#isOver = true;
    this.#standStill();
    // The last events are in the copy since the last commit.
    if (this.#audit !== null) this.#recorder.commit(this.#copied());
    this.#audit?.close();
    this.#telemetry?.close();
    if (outcome.status !== "lease_lost") this.#o.store.releaseLease(this.#o.lease);
    this.#resolve(outcome);
  }

  /** Runs a piece of work, and tells whether the run goes on; a store that refuses ends the run, anything else that is thrown is a bug. */
  #guard(work: () => void): boolean {
    if (this.#isOver) return false;
    try {
      work();
      return true;
    } catch (error) {
      this.#isOver = true;
      this.#standStill();
      this.#active.stop();
      this.#audit?.close();
      this.#o.log.warn({ error: String(error) }, "the run stops");
      const broken = brokenOff(error, this.#o.lease.runId);
      if (broken === null) this.#reject(error);
      else this.#resolve({ ...this.#soFar(), ...broken });
      return false;
    }
  }
}

/** `step`, `step[2]`, `group[1]/ok`. */
function placeOf({ path, item }: Start): string {
  return item === null ? path : `${path}[${item}]`;
}

/** The attempt of a step that led to this one. */
function topOf(start: Start): Start {
  let top = start;
  while (top.parent !== undefined) top = top.parent;
  return top;
}
