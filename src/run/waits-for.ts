import type { JsonObject } from "../util/json.ts";

/** What an attempt waits for that only somebody outside of the run can give: kept in its fact while it is `waiting`. */
export interface WaitsFor {
  /** `approval`: a person's answer. `budget`: a higher limit at a resume. */
  readonly kind: "approval" | "budget";
  /** Names this very question: an answer to another one does not count. */
  readonly request: string;
  /** One sentence for a person: what is waited for. Redacted, like all of it. */
  readonly message: string;
  /** What to do about it; null when the run's id is needed to say it. */
  readonly help: string | null;
  /** What else the kind tells. */
  readonly details: JsonObject;
}
