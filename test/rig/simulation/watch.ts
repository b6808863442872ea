import type { NormalBudget } from "../../../src/manifest/pressure.ts";
import type { Plan } from "../../../src/plan/types.ts";
import { isPaidKey } from "../../../src/run/attempt-key.ts";
import type { StoredEvent } from "../../../src/run/event.ts";
import type { Fact } from "../../../src/run/fact.ts";
import type { Batch } from "../../../src/store/store.ts";
import { tokensOf } from "../../../src/util/usage.ts";
import type { Effect } from "./outside.ts";
import { FIRST } from "./people.ts";
import { OTHER } from "./workflow.ts";
import { pathOf, placesOf, type Place } from "./places.ts";

const END = /^step\.(succeeded|failed|skipped|cancelled)$/;
/** Enough to see what is wrong. */
const MOST_PROBLEMS = 5;

/**
 * Sees all that a run commits and all that it does outside, over all its starts, and holds it against the invariants of
 * the engine. Their numbers are those of the specification.
 */
export class Watch {
  readonly problems: string[] = [];
  effects = 0;
  /** Those that are calls of a model. */
  calls = 0;
  #plan!: Plan;
  #places!: ReadonlyMap<string, Place>;
  /** The start of the run that may act; 0 = none. */
  #epoch = 0;
  #lives = 0;
  // On the record, over all starts.
  readonly #marks = new Set<string>();
  readonly #facts = new Map<string, Fact>();
  readonly #endedOnce = new Map<string, { readonly how: string; readonly isFine: boolean }>();
  readonly #startsOf = new Map<string, number>();
  #lastSeq = 0;
  #finished = 0;
  readonly #began = new Set<string>();
  readonly #unsafe = new Set<string>();
  // In this start.
  #told = new Map<string, number>();
  #begun = new Map<string, number>();
  #ends = new Map<string, number>();
  #asked = new Set<string>();
  #inFlight = new Map<string, number>();
  #held = 0;
  // What was paid outside, whether or not anybody knows.
  readonly #paid = new Map<string, { calls: number; tokens: number }>();

  /** A start of the run begins, with its plan. */
  enter(epoch: number, plan: Plan): void {
    if (plan !== this.#plan) {
      this.#plan = plan;
      this.#places = placesOf(plan);
    }
    this.#epoch = epoch;
    this.#lives += 1;
    this.#told = new Map();
    this.#begun = new Map();
    this.#ends = new Map();
    this.#asked = new Set();
    this.#inFlight = new Map();
    this.#held = 0;
  }

  /** From now on nobody may act. */
  leave(): void {
    this.#epoch = 0;
  }

  wrong(invariant: number, what: string): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(`(${invariant}) ${what}`);
  }

  // ---- what is done outside

  /** The work of an attempt begins. */
  attemptBegins(epoch: number, label: string, attempt: number): void {
    if (epoch !== this.#epoch) return this.wrong(2, `${label} is begun by start ${epoch}, which does not have the run`);
    this.#began.add(`${epoch} ${label}`);
    this.#countStart(label);
    const key = `${label}#${attempt}`;
    const begun = count(this.#begun, key);
    if (begun > (this.#told.get(key) ?? 0)) this.wrong(2, `${key} began before its start was committed`);
  }

  #countStart(label: string): void {
    const place = this.#places.get(pathOf(label));
    const { body, handoff } = place?.step ?? {};
    // What waits is started again by each start of the run.
    if (place === undefined || body?.kind === "approval" || body?.kind === "wait" || handoff !== undefined) return;
    const starts = count(this.#startsOf, label);
    if (starts > place.mostStarts + this.#lives - 1)
      this.wrong(7, `${label} was started ${starts} times in ${this.#lives} starts; ${place.mostStarts} are allowed`);
  }

  effectBegins(effect: Effect): void {
    const { epoch, label, identity, mark, isSecondTry } = effect;
    this.effects += 1;
    if (effect.isModel) this.calls += 1;
    // Who is asleep between its commit and its effect cannot know that it lost the run: what it began it may go on with.
    if (epoch !== this.#epoch && !this.#began.has(`${epoch} ${label}`))
      this.wrong(2, `${label} takes effect for start ${epoch}, which does not have the run`);
    if (epoch !== this.#epoch) return;
    if (this.#marks.has(mark)) this.wrong(10, `${label} (${identity}) is done again, and is on the record`);
    if (this.#unsafe.has(identity)) this.wrong(10, `${label} (${identity}) must not be repeated, and is`);
    if (this.#places.get(pathOf(label))?.step.effect === "unsafe") this.#unsafe.add(identity);
    if (this.#asked.has(identity) && !isSecondTry) this.wrong(7, `${label} (${identity}) is done twice in one start`);
    this.#asked.add(identity);
    this.#takeSlot(label);
    if (effect.isModel && effect.tokens !== null) this.#pay(effect, effect.tokens);
  }

  effectEnds({ epoch, label }: Effect): void {
    if (epoch !== this.#epoch) return;
    this.#held -= 1;
    this.#inFlight.set(unitless(label), (this.#inFlight.get(unitless(label)) ?? 0) - 1);
  }

  #takeSlot(label: string): void {
    this.#held += 1;
    const { concurrency } = this.#plan.limits;
    if (this.#held > concurrency) this.wrong(4, `${this.#held} are at work, and there are ${concurrency} slots`);
    const { fan = null } = this.#places.get(pathOf(label))?.step ?? {};
    const ofStep = count(this.#inFlight, unitless(label));
    if (ofStep > (fan?.maxParallel ?? Infinity))
      this.wrong(4, `${ofStep} units of ${unitless(label)} are at work at once`);
  }

  #pay({ label, system }: Effect, tokens: number): void {
    this.#payInto("the run", this.#plan.limits.budget ?? null, tokens);
    if (system === OTHER) this.#payInto("other", this.#plan.agents["other"]?.budget ?? null, tokens);
    const parts = label.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) {
      const unit = parts.slice(0, depth).join("/");
      const place = this.#places.get(pathOf(unit));
      if (place?.isOnce === true && place.budget !== null) this.#payInto(unit, place.budget, tokens);
    }
  }

  #payInto(place: string, budget: NormalBudget | null, tokens: number): void {
    if (budget === null) return;
    const paid = this.#paid.get(place) ?? { calls: 0, tokens: 0 };
    paid.calls += 1;
    paid.tokens += tokens;
    this.#paid.set(place, paid);
    for (const what of ["calls", "tokens"] as const)
      if (paid[what] > (budget[what] ?? Infinity))
        this.wrong(9, `${place} has paid ${paid[what]} ${what} of ${String(budget[what])}`);
  }

  // ---- what is committed

  committed({ events, facts, forget = [] }: Batch): void {
    for (const key of forget) for (const id of this.#facts.keys()) if (id.startsWith(`${key} `)) this.#facts.delete(id);
    for (const fact of facts) this.#seeFact(fact);
    for (const event of events) this.#seeEvent(event);
  }

  #seeFact(fact: Fact): void {
    const id = `${fact.key} ${fact.fingerprint}`;
    const before = this.#facts.get(id);
    if (before !== undefined) {
      const hasEnded = before.state === "succeeded" || before.state === "failed";
      if (hasEnded && fact.state !== before.state)
        this.wrong(3, `${fact.key} ${before.state}, and is then ${fact.state}`);
      if (before.usage !== null && (fact.usage === null || tokensOf(fact.usage) < tokensOf(before.usage)))
        this.wrong(9, `what ${fact.key} cost gets less`);
    }
    this.#facts.set(id, fact);
    if (fact.state === "started" || isPaidKey(fact.key)) return;
    for (const mark of JSON.stringify([fact.output, fact.failure]).match(/~[0-9a-z]{10}~/g) ?? [])
      this.#marks.add(mark);
  }

  #seeEvent(event: StoredEvent): void {
    const { seq, type, step, item, attempt, data } = event;
    if (seq !== this.#lastSeq + 1) this.wrong(3, `event ${seq} follows event ${this.#lastSeq}`);
    this.#lastSeq = seq;
    if (type === "run.finished" && data?.["status"] !== "waiting") this.#finished += 1;
    if (type === "approval.answered" && typeof data?.["by"] === "string" && data["by"] !== FIRST)
      this.wrong(3, `${String(step)} took the second answer, of ${data["by"]}`);
    if (step === undefined) return;
    const label = item === undefined ? step : `${step}[${item}]`;
    const place = this.#places.get(pathOf(step));
    if (place === undefined) return this.wrong(3, `${step} is no step`);
    if (type === "attempt.started") this.#seeAttempt(label, step, attempt ?? 0, place);
    if (type === "step.started") this.#seeGate(step, place);
    if (type === "item.succeeded" || type === "item.failed") this.#seeEnd(label, place);
    const how = END.exec(type)?.[1];
    if (how === undefined) return;
    this.#seeEnd(step, place);
    this.#endedOnce.set(step, { how, isFine: how === "succeeded" || data?.["caught"] === true });
  }

  #seeAttempt(label: string, step: string, attempt: number, place: Place): void {
    count(this.#told, `${label}#${attempt}`);
    if (place.isOnce && this.#ends.has(step)) this.wrong(6, `${label} starts, and its step is over`);
  }

  /** The end of a step or an item: one in each start. */
  #seeEnd(label: string, place: Place): void {
    if (place.isOnce && count(this.#ends, label) > 1) this.wrong(3, `${label} ended twice in one start`);
  }

  #seeGate(step: string, { step: planned, beside, isOnce }: Place): void {
    // What goes round is told of again by a later start, beside ends of other rounds.
    if (!isOnce && this.#lives > 1) return;
    const prefix = step.slice(0, step.lastIndexOf("/") + 1);
    for (const { of, required } of planned.needs) {
      const ends = of.flatMap(
        (index) => this.#endedOnce.get(`${prefix}${(beside[index] ?? "").split("/").at(-1) ?? ""}`) ?? [],
      );
      const enough = planned.whenSettled ? of.length : required;
      if (ends.length < enough) this.wrong(6, `${step} starts when ${ends.length} of ${enough} needs have ended`);
      if (!planned.whenSettled && ends.filter(({ isFine }) => isFine).length < required)
        this.wrong(6, `${step} starts when fewer than ${required} needs are fine`);
    }
  }

  // ---- the end

  /** The run is over; all that must hold then. */
  end(status: string): void {
    if (this.#finished !== 1) this.wrong(3, `the run ended ${this.#finished} times`);
    if (status !== "succeeded" && status !== "failed") return;
    for (const [path, { isOnce }] of this.#places)
      if (isOnce && !path.includes("/") && !this.#endedOnce.has(path))
        this.wrong(5, `the run is over, and ${path} is not`);
  }

  /** The usage on the record is of calls that were made. */
  spent(calls: number): void {
    if (calls > this.effects) this.wrong(9, `${calls} calls are on the record, and ${this.effects} things were done`);
  }
}

const unitless = (label: string): string => label.replace(/\[\d+\]$/, "");

function count(map: Map<string, number>, key: string): number {
  const next = (map.get(key) ?? 0) + 1;
  map.set(key, next);
  return next;
}
