import type { Work } from "../step/handler.ts";
import type { EventDraft } from "./sink.ts";
import type { Failure } from "../../run/failure.ts";

/** What the core remembers of a unit that is in flight. */
export interface UnitWork {
  readonly step: number;
  /** Index and lasting name of the item; null for a step without `for_each`. */
  readonly item: { readonly index: number; readonly name: string } | null;
  readonly work: Work;
  readonly fingerprint: string;
  readonly idempotencyKey: string;
  /** The latest attempt: its number over all stages, lasting name and failure. */
  attempts: number;
  key: string;
  failure: Failure | null;
  /** When the latest attempt ended; null while it runs. */
  endedAt: number | null;
  /** Its latest outcome was on the record before this start of the run. */
  isRecalled: boolean;
  /** Its failed attempt, not yet told: whether it is tried again is not known. */
  untold: EventDraft | null;
}
