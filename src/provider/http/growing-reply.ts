import type { Usage } from "../../util/usage.ts";
import type { ModelReply } from "../provider.ts";

/** A reply longer than this is a fault of the other side: no model writes so much in one reply. UTF-16 units. */
export const LONGEST_REPLY = 16 * 1024 * 1024;

/** A reply as it grows from the events of a stream. */
export interface GrowingReply<Event> {
  /** Takes the next event and gives the text that it adds, "" for none. Events it does not know are passed over. */
  accept(event: Event): string;
  /** A message has begun. */
  readonly begun: boolean;
  /** The message has ended: what follows, even a broken connection, changes nothing of its text. */
  readonly complete: boolean;
  /** UTF-16 units of text so far. */
  readonly length: number;
  readonly text: string;
  /** What the provider said so far; null when it said nothing. */
  readonly usage: Usage | null;
  /** The reply, once it is complete. */
  finish(): ModelReply;
}

/** A number of tokens as it came over the wire; null when it is none. */
export function tokenCount(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
