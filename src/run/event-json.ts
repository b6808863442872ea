import type { ReadValue } from "./step-value.ts";
import type { ValueRef } from "./value-ref.ts";
import { isJsonObject, type JsonObject } from "../util/json.ts";
import { EVENT_VERSION, type StoredEvent } from "./event.ts";

/** An event as programs read it (schemas/event.v1.json): one flat object, the time as ISO 8601. */
export function eventJson(runId: string, event: StoredEvent, read: ReadValue | null = null): JsonObject {
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
    ...(type === "run.started" ? withoutPlan(data) : withTask(data, read)),
  };
}

/** A task is kept as a value; a large one is written out only for those who can read values, the others get its size. */
function withTask(data: StoredEvent["data"], read: ReadValue | null): JsonObject {
  const task = data?.["task"];
  if (data === undefined || !isJsonObject(task)) return data ?? {};
  const { task: _task, ...rest } = data;
  if ("inline" in task) return { ...rest, task: task["inline"] ?? null };
  if (read === null) return { ...rest, task_bytes: task["bytes"] ?? null };
  return { ...rest, task: read(task as unknown as ValueRef) };
}

/** The plan is kept with the event for later readers of the run; its digest is enough for those who watch. */
function withoutPlan(data: StoredEvent["data"]): JsonObject {
  return Object.fromEntries(Object.entries(data ?? {}).filter(([name]) => name !== "plan"));
}
