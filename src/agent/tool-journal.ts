import type { Json } from "../util/json.ts";

/** One call of a tool inside an attempt. */
export interface NumberedCall {
  /** `TURN.CALL`, both 1-based. */
  readonly at: string;
  /** What it was asked. */
  readonly fingerprint: string;
}

/** Calls of tools inside an attempt: that one began, and what came of it, are facts. */
export interface ToolJournal {
  /** null = it never began; `started` = it began, and its runner stopped before its end. */
  look(call: NumberedCall): { readonly state: "started" } | { readonly state: "done"; readonly outcome: Json } | null;
  /** Settles when it is on the record that they began, with all that was told so far; false = the run is over. */
  begin(calls: readonly NumberedCall[]): Promise<boolean>;
  /** Settles when the outcome is on the record; false = the run is over. */
  finish(call: NumberedCall, outcome: Json): Promise<boolean>;
}
