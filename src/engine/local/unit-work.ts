import type { Failure } from "../../run/failure.ts";
import type { Work } from "../step/handler.ts";
import type { EventDraft } from "./sink.ts";

/** What the core remembers of a unit that is in flight. */
export interface UnitWork {
  readonly step: number;
  /** Index and lasting name of the item; null for a step without `for_each`. */
  readonly item: { readonly index: number; readonly name: string } | null;
  /** null = its values could not be made: `failure` says why. */
  readonly work: Work | null;
  readonly fingerprint: string;
  readonly idempotencyKey: string;
  /** The latest attempt's lasting name; empty before the first, and for work that is done at once. */
  key: string;
  /** The latest attempt's failure. */
  failure: Failure | null;
  /** When the latest attempt ended; null while it runs. */
  endedAt: number | null;
  /** The latest outcome was on the record before this start of the run. */
  isRecalled: boolean;
  /** The latest attempt failed, and that is not told yet: whether it is tried again is not known. */
  untold: EventDraft | null;
}
