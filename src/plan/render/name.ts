import type { Template } from "../../expression/template.ts";
import { asText } from "../../util/json.ts";
import { formatDuration } from "../../util/duration.ts";
import { agentsOf, type Plan, type PlannedStep, type SqlBody } from "../types.ts";
import { oneLine } from "./format.ts";

/** What a step does, in a few words: `agent researcher`, `run`, `uses launch/content.yaml`, `wait 10m`. */
export function nameOf(plan: Plan, { body, handoff }: PlannedStep): string {
  switch (body.kind) {
    case "agent":
      if (body.choice !== undefined) return `agent one of ${agentsOf(body).map(agentName).join(", ")}`;
      if (body.session !== undefined) {
        const how = body.send === undefined ? "session" : "send to session";
        return `${how} ${agentName(body.session)}, agent ${agentName(body.agent ?? "")}`;
      }
      return `${handoff === undefined ? "agent" : "handoff, first"} ${body.agent === null ? "a person" : agentName(body.agent)}`;
    case "uses":
      return `uses ${shortPath(plan.scopes[body.scope]?.workflow?.path ?? "")}`;
    case "wait":
      return body.forMs === null ? "wait until a time" : `wait ${formatDuration(body.forMs)}`;
    case "http":
      return `http ${body.method} ${body.origin ?? "(an address that is a secret)"}`;
    case "sql":
      return `sql ${body.isWrite ? "write" : "read"} ${databaseOf(body)}`;
    case "state":
      return `state ${body.operation} ${keyText(body.key)}${body.scope === "run" ? " of the run" : ""}`;
    case "approval":
      return "asks a person";
    case "send":
      return `send to session ${agentName(body.session)}, without waiting`;
    case "steps":
      return "group";
    default:
      return body.kind;
  }
}

function keyText(key: Template): string {
  if (key.kind !== "literal") return "(a key that is computed)";
  return oneLine(asText(key.value)) || "(all keys)";
}

/** The database without user and password. */
function databaseOf({ connection, dialect, host }: SqlBody): string {
  if (host !== null) return `postgres ${host}`;
  if (dialect === null) return "(a connection that is a secret)";
  return connection.kind === "literal" ? oneLine(asText(connection.value)) : "sqlite";
}

/** The name of an agent in its own file: the plan calls those of other files `FILE#AGENT`. */
export function agentName(name: string): string {
  return name.slice(name.lastIndexOf("#") + 1);
}

/** The path of a workflow with as much of its commit as people look at. */
function shortPath(path: string): string {
  return path.replace(/@([0-9a-f]{12})[0-9a-f]{28}$/, "@$1");
}
