import { childKey, isNamed } from "../../run/attempt-key.ts";
import { pureFact, type Fact } from "../../run/fact.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { addSpend } from "../../run/state.ts";
import type { EventType } from "../../run/event.ts";
import { sha256 } from "../../util/digest.ts";
import type { Clock } from "../../util/clock.ts";
import { asText, type JsonObject } from "../../util/json.ts";
import { sleep } from "../../util/sleep.ts";
import type { AttemptResult, Child, ChildOrder, ChildPort } from "../step/handler.ts";
import type { LiveAttempt } from "./attempt.ts";
import type { CoreOptions } from "./core-options.ts";
import { together, type ModelCalls } from "./model-calls.ts";
import type { Start } from "./sink.ts";

/** The longest task that a record and an event show, in characters. */
const LONGEST_TASK = 500;

/** The run as its children see it. */
export interface ChildrenOptions extends Pick<CoreOptions, "facts" | "keep" | "read" | "now" | "redact"> {
  readonly runId: string;
  readonly initiator?: string;
  readonly clock: Clock;
  readonly calls: Pick<ModelCalls, "addUp" | "addPaid">;
  /** A fact, written with the next commit. */
  readonly remember: (fact: Fact) => void;
  /** Settles when all that was said so far is durable; false when the run is over. */
  readonly committed: () => Promise<boolean>;
  readonly event: (start: Start, type: EventType, data: JsonObject) => void;
  /** Settles when the attempt has its first slot. */
  readonly join: (start: Start) => Promise<void>;
  /** Says something to it before its next turn; what was said before is not said again. */
  readonly steer: (start: Start, message: string) => void;
  /** It is over: its slot is somebody else's. */
  readonly leave: (start: Start) => void;
  /** Carries it out; `onEnd` as of `carryOut`. */
  readonly perform: (start: Start, onEnd: (result: AttemptResult | null) => void) => LiveAttempt;
}

/** The agents that agents have started, in this start of a run. */
export class Children {
  readonly #o: ChildrenOptions;
  readonly #open = new Set<OneChild>();
  #started = 0;

  constructor(options: ChildrenOptions) {
    this.#o = options;
  }

  /** Those of one attempt. `lean` waits for what they do. */
  of(parent: Start, lean: (until: Promise<unknown>) => Promise<boolean>, signal: AbortSignal): ChildPort {
    const { facts, clock } = this.#o;
    return {
      count: () => facts.childCount,
      isKnown: ({ at, agent }) => facts.all(childKey(parent.key, at, agent)).length > 0,
      start: (order) => this.#start(parent, order),
      wait: async (children, ms) => {
        const open = children.filter(({ status }) => status === "queued" || status === "running");
        if (open.length === 0) return !signal.aborted;
        const all = Promise.all(open.map(({ ended }) => ended));
        const timer = new AbortController();
        const goesOn = await lean(ms === null ? all : Promise.race([all, sleep(clock, ms, timer.signal)]));
        timer.abort();
        return goesOn;
      },
    };
  }

  /** Some are about to begin, and no attempt yet. */
  get areStarting(): boolean {
    return [...this.#open].some(({ isStarting }) => isStarting);
  }

  /** Stops for good those that are named by a path; whether there is any. */
  kill(path: string): boolean {
    const named = [...this.#open].filter((child) => isNamed(child.start.path, path));
    for (const child of named) child.kill("was stopped on request");
    return named.length > 0;
  }

  /** The run is over: whoever waits for one goes on. */
  abandon(): void {
    for (const child of this.#open) child.abandon();
  }

  #start(parent: Start, { at, agent, step, work, fingerprint, label, task }: ChildOrder): Child {
    const { facts, now, runId } = this.#o;
    const key = childKey(parent.key, at, agent);
    const known = facts.find(key, fingerprint);
    this.#started += 1;
    const place = parent.item === null ? parent.path : `${parent.path}[${parent.item}]`;
    const start: Start = {
      unit: -this.#started,
      serial: 1,
      step,
      record: parent.record,
      path: `${place}/${step.id}`,
      since: known?.startedAt ?? now(),
      item: null,
      attempt: 1,
      key,
      fingerprint,
      idempotencyKey: sha256(`${runId}/${key}/${fingerprint}`).slice(0, 32),
      cacheKey: null,
      work,
      reason: known === null ? "new" : "lost",
      parent,
    };
    const child = new OneChild(start, { label, task: this.#shown(task) }, this.#o, () => this.#open.delete(child));
    this.#open.add(child);
    child.begin(known);
    return child;
  }

  #shown(task: string): string {
    const clean = asText(this.#o.redact?.(task) ?? task);
    return clean.length <= LONGEST_TASK ? clean : `${clean.slice(0, LONGEST_TASK)}…`;
  }
}

/**
 * One agent that another one has started.
 *
 *   begin -> (its fact is committed) -> queued -slot-> running -> succeeded | failed
 *                                          '-------------'-stop-> cancelled: no outcome, as after a crash
 */
class OneChild implements Child {
  status: Child["status"] = "queued";
  end: Child["end"] = null;
  readonly ended: Promise<void>;
  readonly start: Start;
  readonly #note: { readonly label: string | null; readonly task: string };
  readonly #o: ChildrenOptions;
  readonly #forget: () => void;
  #settle!: () => void;
  #live: LiveAttempt | null = null;
  /** It was told to stop before it was under way. */
  #isUnwanted = false;

  constructor(
    start: Start,
    note: { label: string | null; task: string },
    options: ChildrenOptions,
    forget: () => void,
  ) {
    this.start = start;
    this.#note = note;
    this.#o = options;
    this.#forget = forget;
    this.ended = new Promise((resolve) => (this.#settle = resolve));
  }

  /** `known` is what an earlier start of the run, or of this attempt, left behind. */
  begin(known: Fact | null): void {
    const { facts, read } = this.#o;
    const { step, work, key, fingerprint, record } = this.start;
    if (known !== null) {
      addSpend(record, known);
      this.#o.calls.addPaid(key, fingerprint, record);
    }
    if (known?.state === "succeeded" && known.output !== null) {
      this.#recall();
      return this.#close("succeeded", { ok: true, output: read(known.output) });
    }
    if (known?.state === "failed" && known.failure !== null) {
      this.#recall();
      return this.#close("failed", { ok: false, failure: known.failure });
    }
    const isLost = known !== null && facts.takeLost(known);
    if (isLost && step.effect === "unsafe" && work.goesOnInside !== true) return this.#unknown(known);
    this.#o.remember(this.#fact(known));
    if (known === null) this.#tellStart();
    void this.#carryOut();
  }

  /** What its own calls, and whom it started, cost before. */
  #recall(): void {
    this.#o.calls.addUp(this.start.key, this.start.record);
  }

  #fact(before: Fact | null): Fact {
    const { key, fingerprint, step, work } = this.start;
    const { label, task } = this.#note;
    return {
      key,
      fingerprint,
      state: "started",
      starts: (before?.starts ?? 0) + (before?.state === "waiting" ? 0 : 1),
      startedAt: before?.startedAt ?? this.#o.now(),
      endedAt: null,
      output: null,
      extra: { child: step.id, label, task, asked: work.model },
      failure: null,
      model: before?.model ?? null,
      usage: before?.usage ?? null,
      costUsd: before?.costUsd ?? null,
    };
  }

  #tellStart(): void {
    const { parent, work, path, step } = this.start;
    const { label, task } = this.#note;
    const body = step.body.kind === "agent" ? step.body.agent : null;
    const up = parent as Start;
    this.#o.event(this.start, "session.spawned", {
      child: path,
      agent: body,
      parent: up.path,
      task,
      model: work.model,
      ...(label === null ? {} : { label }),
      ...(this.#o.initiator === undefined ? {} : { initiator: this.#o.initiator }),
    });
  }

  async #carryOut(): Promise<void> {
    if (!(await this.#o.committed())) return this.#close("cancelled", null);
    if (this.end !== null || this.#isUnwanted) return this.#close("cancelled", null);
    await Promise.race([this.#o.join(this.start), this.ended]);
    if (this.status !== "queued") return this.#o.leave(this.start);
    this.status = "running";
    this.#live = this.#o.perform(this.start, (result) => this.#ended(result));
  }

  /** Never in the turn in which it began. */
  #ended(result: AttemptResult | null): void {
    this.#o.leave(this.start);
    if (this.status !== "running") return this.#pay(result);
    if (result === null) return this.#close("cancelled", null);
    const { key, fingerprint, record } = this.start;
    const started = this.#o.facts.find(key, fingerprint) as Fact;
    const { model, usage, costUsd } = result;
    addSpend(record, { model, usage, costUsd });
    const spent = together(started, { model, usage, costUsd });
    const endedAt = this.#o.now();
    if (result.ok) {
      const output = this.#o.keep(result.output);
      this.#o.remember({ ...started, ...spent, state: "succeeded", endedAt, output });
      this.#tellEnd("succeeded", null);
      return this.#close("succeeded", { ok: true, output: result.output });
    }
    if (result.failure.class === "cancelled") {
      // It was stopped with its parent: it has no outcome.
      if (usage !== null) this.#o.remember({ ...started, ...spent });
      this.#tellEnd("cancelled", null);
      return this.#close("cancelled", null);
    }
    this.#fail({ ...started, ...spent }, result.failure);
  }

  /** It was stopped for good, and its failure is on the record: what it had paid by then is as well. */
  #pay(result: AttemptResult | null): void {
    const { key, fingerprint, record } = this.start;
    const fact = this.#o.facts.find(key, fingerprint);
    if (result === null || result.usage === null || fact === null) return;
    addSpend(record, result);
    this.#o.remember({ ...fact, ...together(fact, result) });
  }

  #fail(started: Fact, why: Failure): void {
    this.#o.remember({ ...started, state: "failed", endedAt: this.#o.now(), output: null, failure: why });
    this.#tellEnd("failed", why);
    this.#close("failed", { ok: false, failure: why });
  }

  /** Its program was at work when the runner stopped: nobody knows what it did. */
  #unknown(started: Fact): void {
    const why = failure(
      "internal",
      "outcome_unknown",
      `'${this.start.path}' was running when its runner stopped: nobody knows whether it took effect, so it is not repeated`,
      { help: "see what it did; to do the whole step again: muster resume --rerun STEP" },
    );
    this.#fail(started, why);
  }

  #tellEnd(status: string, why: Failure | null): void {
    const error: JsonObject = why === null ? {} : { class: why.class, code: why.code, message: why.message };
    this.#o.event(this.start, "session.ended", { child: this.start.path, status, ...error });
  }

  #close(status: Child["status"], end: Child["end"]): void {
    if (this.status !== "queued" && this.status !== "running") return;
    this.status = status;
    this.end = end;
    this.#forget();
    this.#settle();
  }

  kill(message: string): void {
    if (this.status !== "queued" && this.status !== "running") return;
    const { key, fingerprint, path } = this.start;
    const started = this.#o.facts.find(key, fingerprint) ?? pureFact(key, fingerprint, { inline: null }, this.#o.now());
    this.#fail(
      started,
      failure("cancelled", "killed", `'${path}' ${message}`, { help: "go on without it, or start another one" }),
    );
    this.#live?.stop("cancelled");
  }

  steer(message: string): void {
    if (this.end === null) this.#o.steer(this.start, message);
  }

  get isStarting(): boolean {
    return this.#live === null && !this.#isUnwanted;
  }

  abandon(): void {
    this.#close("cancelled", null);
  }

  stop(reason: "cancelled" | "interrupted"): void {
    this.#isUnwanted = true;
    if (this.#live !== null) this.#live.stop(reason);
    else this.#close("cancelled", null);
  }
}
