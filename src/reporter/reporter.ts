import type { StoredEvent } from "../run/event.ts";

/** Shows a run while it goes on. Gets committed events only, in order; must not throw and cannot change the run. */
export interface Reporter {
  onEvents(events: readonly StoredEvent[]): void;
  /** Shows a text for the person who watches, whole lines, beside what the events say; programs are not told. */
  say(text: string): void;
  /** Leaves the screen to a question to the person who watches, until the function that it gives is called. */
  hold(): () => void;
  /** Nothing follows; ends what it shows. Closing twice is harmless. */
  close(): void;
}
