import type { JsonObject } from "../util/json.ts";

/** What an attempt waits for that comes from outside of the run alone: kept in its fact while it is `waiting`. */
export interface WaitsFor {
  /** `approval`: a person's answer. `budget`: a higher limit at a resume. `batch`: a provider's, which comes by itself. */
  readonly kind: "approval" | "budget" | "batch";
  /** Names this very question: an answer to another one does not count. */
  readonly request: string;
  /** One sentence for a person: what is waited for. Redacted, like all of it. */
  readonly message: string;
  /** What to do about it; null when the run's id is needed to say it. */
  readonly help: string | null;
  /** What else the kind tells. */
  readonly details: JsonObject;
}
