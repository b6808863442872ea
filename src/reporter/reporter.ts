import type { StoredEvent } from "../run/event.ts";

/** Shows a run while it goes on. Gets committed events only, in order; must not throw and cannot change the run. */
export interface Reporter {
  onEvents(events: readonly StoredEvent[]): void;
  /** Nothing follows; ends what it shows. */
  close(): void;
}
