import { formatDuration } from "../../util/duration.ts";
import type { Plan, PlannedStep } from "../types.ts";

/** What a step does, in a few words: `agent researcher`, `run`, `uses launch/content.yaml`, `wait 10m`. */
export function nameOf(plan: Plan, { body }: PlannedStep): string {
  switch (body.kind) {
    case "agent":
      return `agent ${agentName(body.agent)}`;
    case "uses":
      return `uses ${shortPath(plan.scopes[body.scope]?.workflow?.path ?? "")}`;
    case "wait":
      return body.forMs === null ? "wait until a time" : `wait ${formatDuration(body.forMs)}`;
    case "steps":
      return "group";
    default:
      return body.kind;
  }
}

/** The name of an agent in its own file: the plan calls those of other files `FILE#AGENT`. */
export function agentName(name: string): string {
  return name.slice(name.lastIndexOf("#") + 1);
}

/** The path of a workflow with as much of its commit as people look at. */
function shortPath(path: string): string {
  return path.replace(/@([0-9a-f]{12})[0-9a-f]{28}$/, "@$1");
}
