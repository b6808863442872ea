import type { Json } from "../../util/json.ts";
import { unitKey } from "../../run/attempt-key.ts";
import type { DeadLetter, KeptLetter } from "../../run/dead-letter.ts";
import type { Failure } from "../../run/failure.ts";
import type { StepRecord } from "../../run/state.ts";
import type { CoreOptions } from "./core-options.ts";
import type { ScopeView } from "./scope-view.ts";
import type { Sink } from "./sink.ts";
import type { UnitWork } from "./unit-work.ts";

export interface DeadLetterOptions extends Pick<CoreOptions, "keep" | "now" | "letters" | "redact"> {
  readonly sink: Pick<Sink, "deadLetter" | "revived">;
}

/**
 * Tells which units failed for good, and which letters of before are none any more. A group that failed because of a
 * step inside of it has no letter of its own: the one inside has it.
 *
 * A core goes through the whole run in each epoch, so what it meets again is confirmed, and what it does not meet by
 * its end is gone: an edit took it away, or it was not reached.
 */
export class DeadLetters {
  readonly #o: DeadLetterOptions;
  /** What is kept, as far as this epoch has told. */
  readonly #kept: Map<string, DeadLetter>;
  /** Names of letters by the rounds of groups that they are in, of all groups around. */
  readonly #inside = new Map<string, Set<string>>();
  /** Dropped, and not failed anew. */
  readonly #dropped: Set<string>;
  readonly #confirmed = new Set<string>();
  /** The letters of units of a step that is not over yet. */
  readonly #ofStep = new Map<StepRecord, string[]>();
  /** Steps with a unit that failed because of a step inside. */
  readonly #failedInside = new Set<StepRecord>();

  constructor(options: DeadLetterOptions) {
    this.#o = options;
    const known: readonly KeptLetter[] = options.letters ?? [];
    this.#kept = new Map(known.map(({ runId: _run, isDropped: _dropped, ...letter }) => [letter.key, letter]));
    for (const key of this.#kept.keys()) this.#index(key);
    this.#dropped = new Set(known.filter(({ isDropped }) => isDropped).map(({ key }) => key));
  }

  /** A unit is over; `why` is null unless it failed. */
  unitEnded(unit: UnitWork, why: Failure | null): void {
    if (why === null) {
      this.#revive(unit.name);
      return;
    }
    if (unit.isFailedInside) {
      this.#failedInside.add(unit.record);
      this.#revive(unit.name);
      return;
    }
    const { record, item, task } = unit;
    this.#keep(record, {
      key: unit.name,
      path: record.path,
      item: item?.index ?? null,
      kind: record.kind,
      agent: task?.step.body.kind === "agent" ? task.step.body.agent : null,
      model: task?.work?.kind === "later" ? task.work.model : null,
      failure: why,
      caught: false,
      attempts: (item?.record ?? record).attempts,
      failedAt: unit.endedAt ?? this.#o.now(),
      inputs: task?.asked ?? null,
    });
  }

  /** A step is over: whether the run goes on without what failed is known. */
  stepEnded(view: ScopeView, record: StepRecord, goesOn: boolean): void {
    if (record.status === "failed" && !this.#ofStep.has(record) && !this.#failedInside.has(record)) {
      // It failed before it had a unit: at its `if`, its list, or because a person stopped it.
      this.#keep(record, {
        key: unitKey(view.keyPrefix, record.id, null),
        path: record.path,
        item: null,
        kind: record.kind,
        agent: null,
        model: null,
        failure: record.failure as Failure,
        caught: false,
        attempts: record.attempts,
        failedAt: this.#o.now(),
        inputs: null,
      });
    }
    for (const key of this.#ofStep.get(record) ?? []) {
      const letter = this.#kept.get(key);
      if (letter !== undefined && letter.caught !== goesOn) this.#put({ ...letter, caught: goesOn });
    }
    this.#ofStep.delete(record);
    this.#failedInside.delete(record);
  }

  /** An attempt of a group begins anew: what failed in those before it did not fail for good. */
  begunAnew(unit: UnitWork, iteration: number): void {
    for (const key of this.#inside.get(roundOf(unit.name, iteration)) ?? []) this.#revive(key);
  }

  /** The run has ended. */
  runEnded(): void {
    for (const key of this.#kept.keys()) if (!this.#confirmed.has(key)) this.#revive(key);
  }

  #keep(record: StepRecord, news: Omit<DeadLetter, "inputs"> & { readonly inputs: (() => Json) | null }): void {
    const { key, inputs } = news;
    this.#confirmed.add(key);
    const keys = this.#ofStep.get(record);
    if (keys === undefined) this.#ofStep.set(record, [key]);
    else keys.push(key);
    const known = this.#kept.get(key);
    if (known !== undefined && isSame(known, news)) return;
    this.#dropped.delete(key);
    // Until its step is over again, whether it was caught is as it was.
    const caught = known?.caught ?? news.caught;
    this.#put({ ...news, caught, inputs: inputs === null ? null : this.#o.keep(this.#redacted(inputs())) });
  }

  #redacted(value: Json): Json {
    return this.#o.redact?.(value) ?? value;
  }

  #index(key: string): void {
    for (const { index, 1: iteration } of key.matchAll(/\/(\d+)\.\d+\.\d+(?=\/)/g)) {
      const round = roundOf(key.slice(0, index), Number(iteration));
      const keys = this.#inside.get(round);
      if (keys === undefined) this.#inside.set(round, new Set([key]));
      else keys.add(key);
    }
  }

  #put(letter: DeadLetter): void {
    this.#index(letter.key);
    this.#kept.set(letter.key, letter);
    if (!this.#dropped.has(letter.key)) this.#o.sink.deadLetter(letter);
  }

  #revive(key: string): void {
    // Most runs have none, and nearly every unit comes by here.
    if (this.#kept.size === 0 && this.#confirmed.size === 0) return;
    this.#confirmed.delete(key);
    if (this.#kept.delete(key)) this.#o.sink.revived(key);
  }
}

function roundOf(unit: string, iteration: number): string {
  return `${unit}/${iteration}`;
}

/** The same failure, met again by a later start: what has no attempt of its own has no time on the record either. */
function isSame(known: DeadLetter, { failure, attempts, failedAt }: Omit<DeadLetter, "inputs">): boolean {
  const isEqual = known.failure.code === failure.code && known.failure.message === failure.message;
  return isEqual && known.attempts === attempts && (attempts === 0 || known.failedAt === failedAt);
}
