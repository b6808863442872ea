import type { Work } from "../step/handler.ts";
import type { PlannedStep } from "../../plan/types.ts";
import type { StoredEvent } from "../../run/event.ts";
import type { DeadLetter } from "../../run/dead-letter.ts";
import type { Fact } from "../../run/fact.ts";
import type { Failure } from "../../run/failure.ts";
import type { StepRecord } from "../../run/state.ts";
import type { ValueRef } from "../../run/value-ref.ts";
import type { CacheEntry } from "../../store/store.ts";
import type { JsonObject } from "../../util/json.ts";

/** An event before it has its number and time. */
export type EventDraft = Omit<StoredEvent, "seq" | "at">;

/** An attempt that must be carried out, once the commit stands. */
export interface Start {
  readonly unit: number;
  readonly serial: number;
  readonly step: PlannedStep;
  readonly record: StepRecord;
  /** For people: `draft`, `group/draft`, `group[2]/draft`. */
  readonly path: string;
  /** When the first attempt under this name began, before a crash maybe; milliseconds since 1970. */
  readonly since: number;
  /** Index of the item; null for a step without `for_each`. */
  readonly item: number | null;
  readonly attempt: number;
  readonly key: string;
  readonly fingerprint: string;
  readonly idempotencyKey: string;
  /** The name of its outcome over runs; null = it has none. */
  readonly cacheKey: string | null;
  readonly work: Extract<Work, { readonly kind: "later" }>;
  /** Why no recorded outcome answered. */
  readonly reason: StartReason;
  /** The attempt that started it; left out for one of a step. Such an attempt is no unit: `unit` is below 0. */
  readonly parent?: Start;
}

/**
 * Why a unit runs: never done, done for another text or other values, in flight when the runner died, waiting for a
 * time or for somebody outside, or failed in an attempt before. A resume knows more: it failed for good in the last run, a person wants it again, or it will not
 * run: its outcome is unknown.
 */
export type StartReason =
  | "new"
  | "step_changed"
  | "values_changed"
  | "lost"
  | "waiting"
  | "retry"
  | "failed"
  | "rerun"
  | "unknown";

export interface RunEnding {
  readonly status: "succeeded" | "failed" | "cancelled";
  readonly outputs: JsonObject | null;
  readonly failure: Failure | null;
}

/** Whoever carries out what the core decides. Called in order; nothing may be done before it is committed. */
export interface Sink {
  event(event: EventDraft): void;
  fact(fact: Fact): void;
  start(start: Start): void;
  /** An outcome that other runs may use. */
  cached(entry: CacheEntry): void;
  /** A recorded outcome answered, and left these files behind (a list of artifacts). */
  left(path: string, step: PlannedStep, artifacts: ValueRef): void;
  abort(unit: number, serial: number): void;
  /** A unit failed for good. */
  deadLetter(letter: DeadLetter): void;
  /** A unit that had failed for good has not any more. */
  revived(key: string): void;
  /** An attempt that gave its slot back has one again. */
  goOn(unit: number, serial: number): void;
  /** Say `fired` at this time (milliseconds since 1970). */
  delay(unit: number, serial: number, dueAt: number): void;
  undelay(unit: number): void;
  /** Call `expire` of the core after so long, unless `unlimit` comes first: the timeout of a group or sub-workflow. */
  limit(unit: number, serial: number, ms: number): void;
  unlimit(unit: number): void;
  finished(ending: RunEnding): void;
}
