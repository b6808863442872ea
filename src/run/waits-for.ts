import type { JsonObject } from "../util/json.ts";

/** What an attempt waits for that comes from outside of the run alone: kept in its fact while it is `waiting`. */
export interface WaitsFor {
  /** `approval`: a person's answer. `budget`: a higher limit at a resume. `batch`: a provider's, which comes by itself. */
  readonly kind: "approval" | "budget" | "batch";
  /** Names this very question: an answer to another one does not count. */
  readonly request: string;
  /** One sentence for a person: what is waited for. Redacted, like all of it. */
  readonly message: string;
  /** What to do about it; null for an approval, which is answered by commands that name the run. */
  readonly help: string | null;
  /** When the wait ends by itself, milliseconds since 1970; null = never. */
  readonly deadline: number | null;
  /** What else the kind tells. */
  readonly details: JsonObject;
}
