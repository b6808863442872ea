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

/** The audit copy of one run: its events, one JSON object a line. */
export interface AuditCopy {
  /** Takes events that were committed; whatever was missed before is written first. Never throws. */
  onEvents(events: readonly StoredEvent[]): void;
  /** Makes what was written durable; gives the last `seq` that surely is in the copy. Never throws. */
  sync(): number;
  close(): void;
}

/** Tells a collector what happens in a run. Gets committed events only, in order; never throws. */
export interface Telemetry {
  onEvents(events: readonly StoredEvent[]): void;
  /** The `traceparent` of the attempt under way, for those that it asks; null = there is none. */
  traceOf(step: string, item: number | null): string | null;
  close(): void;
}
