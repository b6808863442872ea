import { jsonText } from "../util/json.ts";
import type { StoredEvent } from "./event.ts";

/** A step, or an agent that one has started, as a line. */
interface Line<Of> {
  readonly id: string;
  inside: readonly Of[] | null;
  phase: string;
}

/**
 * Agents that the agent of a step has started, as lines of their own under it. `make` gives the line of one; `addCall`
 * adds what a call took. True when the event was of such an agent.
 */
export function applyToChildren<Of extends Line<Of>>(
  step: Of,
  event: StoredEvent,
  make: (parent: Of, id: string) => Of,
  addCall: (child: Of, event: StoredEvent) => void,
): boolean {
  const { type, at, data = {} } = event;
  const path = data["child"];
  if (typeof path !== "string") return false;
  const names = path.split("/").filter((name) => name.includes("@"));
  // Those of several items stand beside each other: the item tells them apart.
  const item = /\[\d+\](?=\/[^/]*@)/.exec(path)?.[0] ?? "";
  const way: Of[] = [];
  for (const [index, name] of names.entries()) {
    const around = way.at(-1) ?? step;
    const id = index === 0 ? `${item}${name}` : name;
    let child: Of | undefined = around.inside?.find((each) => each.id === id);
    if (child === undefined) {
      child = make(around, id);
      around.inside = [...(around.inside ?? []), child];
    }
    way.push(child);
  }
  const child = way.at(-1);
  if (child === undefined) return true;
  if (type === "session.spawned") {
    Object.assign(child, {
      phase: "running",
      startedAt: at,
      model: data["model"] === null ? null : jsonText(data["model"]),
    });
  } else if (type === "session.ended") {
    const status = jsonText(data["status"]);
    const phase = status === "succeeded" || status === "failed" ? status : "cancelled";
    const problem = phase === "failed" ? `${jsonText(data["class"])}: ${jsonText(data["message"])}` : null;
    // Whoever started it is told, and goes on.
    Object.assign(child, { phase, endedAt: at, problem, isCaught: true });
  } else if (type === "model.called") {
    for (const each of way) {
      // After a resume nobody tells that it goes on.
      each.phase = "running";
      addCall(each, event);
    }
  }
  return true;
}
