import { isOfUnit } from "../../run/attempt-key.ts";
import type { Failure } from "../../run/failure.ts";
import type { RunEnding, Sink } from "./sink.ts";

/** One unit that runs alone: the rest of its run answers from facts, or waits for a resume. */
export interface Alone {
  /** Its lasting name. */
  readonly unit: string;
  /** The path of its step. */
  readonly path: string;
  /** Index of the item; null for a step without `for_each`. */
  readonly item: number | null;
  /** How the run stands once the unit has ended. */
  readonly statusAfter: () => RunEnding["status"] | "interrupted";
  /** Why the run had failed before. */
  readonly failure: Failure | null;
}

/** A sink that hears of this unit alone: what the core computes for the others on its way is not recorded. */
export function aloneSink(sink: Sink, { unit, path, item }: Alone): Sink {
  const inside = item === null ? `${path}/` : `${path}[${item}]/`;
  return {
    event(event) {
      const isOwn = event.step === path && (item === null || event.item === item);
      if (isOwn || event.step?.startsWith(inside) === true) sink.event(event);
    },
    fact(fact) {
      if (isOfUnit(fact.key, unit)) sink.fact(fact);
    },
    deadLetter(letter) {
      if (isOfUnit(letter.key, unit)) sink.deadLetter(letter);
    },
    revived(key) {
      if (isOfUnit(key, unit)) sink.revived(key);
    },
    cached: (entry) => sink.cached(entry),
    left: (step, planned, artifacts) => sink.left(step, planned, artifacts),
    // The run does not end with it: a resume goes on.
    finished() {},
    start: (start) => sink.start(start),
    abort: (id, serial) => sink.abort(id, serial),
    goOn: (id, serial) => sink.goOn(id, serial),
    delay: (id, serial, dueAt) => sink.delay(id, serial, dueAt),
    undelay: (id) => sink.undelay(id),
    limit: (id, serial, ms) => sink.limit(id, serial, ms),
    unlimit: (id) => sink.unlimit(id),
  };
}
