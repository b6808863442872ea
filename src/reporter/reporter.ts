import type { StoredEvent } from "../run/event.ts";

/** Shows a run while it goes on. Gets committed events only, in order; must not throw and cannot change the run. */
export interface Reporter {
  onEvents(events: readonly StoredEvent[]): void;
  /** Shows a text for the person who watches, whole lines, beside what the events say; programs are not told. */
  say(text: string): void;
  /** Nothing follows; ends what it shows. Closing twice is harmless. */
  close(): void;
}
