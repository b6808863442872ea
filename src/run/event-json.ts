import type { JsonObject } from "../util/json.ts";
import { EVENT_VERSION, type StoredEvent } from "./event.ts";

/** An event as programs read it (schemas/event.v1.json): one flat object, the time as ISO 8601. */
export function eventJson(runId: string, event: StoredEvent): JsonObject {
  const { seq, at, type, step, item, attempt, data } = event;
  return {
    v: EVENT_VERSION,
    seq,
    at: new Date(at).toISOString(),
    run_id: runId,
    type,
    ...(step === undefined ? {} : { step }),
    ...(item === undefined ? {} : { item }),
    ...(attempt === undefined ? {} : { attempt }),
    ...(type === "run.started" ? withoutPlan(data) : data),
  };
}

/** The plan is kept with the event for later readers of the run; its digest is enough for those who watch. */
function withoutPlan(data: StoredEvent["data"]): JsonObject {
  return Object.fromEntries(Object.entries(data ?? {}).filter(([name]) => name !== "plan"));
}
