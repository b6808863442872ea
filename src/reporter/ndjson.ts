import { eventJson } from "../run/event-json.ts";
import type { Reporter } from "./reporter.ts";

/** Each event as one line of JSON. */
export function createNdjsonReporter(runId: string, write: (text: string) => void): Reporter {
  return {
    onEvents: (events) => write(events.map((event) => `${JSON.stringify(eventJson(runId, event))}\n`).join("")),
    say() {},
    hold: () => () => {},
    close() {},
  };
}
