import type { JsonObject } from "../../util/json.ts";
import { scopeGrants } from "../access.ts";
import { lockName, type PlannedServer } from "../mcp-server.ts";
import { grantOf, type Grant } from "../permissions.ts";
import { childrenOf, membersOf } from "../team.ts";
import { workersOf, type Plan, type PlannedStep, type PlannedTools } from "../types.ts";
import { oneLine } from "./format.ts";

/** True where a file of the plan writes `permissions`. */
export function hasCaps(plan: Plan): boolean {
  return plan.permissions !== undefined || plan.scopes.some(({ workflow }) => workflow?.permissions !== undefined);
}

/** `files read; network *.example.com, localhost; programs git, npm; state none`. */
export function grantText({ files, network, shell, state, sessions }: Grant): string {
  const hosts = network.map(({ host }) => host).join(", ");
  const programs = typeof shell === "string" ? shell : shell.join(", ");
  const named = sessions === "any" || sessions.length === 0 ? "" : `; sessions ${sessions.join(", ")}`;
  return oneLine(`files ${files}; network ${hosts || "none"}; programs ${programs || "none"}; state ${state}${named}`);
}

/** What the agents of a step may do: `read_file, shell; files read; ...`, a text for each that has tools. */
export function toolTexts(plan: Plan, step: PlannedStep): readonly string[] {
  return workersOf(step).flatMap((name) => {
    const tools = plan.agents[name]?.tools;
    if (tools === undefined) return [];
    return [`${namesText(tools)}; ${grantText(grantOf(tools.permissions))}${shutInText(tools)}`];
  });
}

function namesText({ names, servers = [] }: PlannedTools): string {
  return [...names, ...servers.map(serverText)].join(", ") || "none";
}

function shutInText({ names, sandbox }: PlannedTools): string {
  return names.includes("shell") ? `; sandbox ${sandbox}` : "";
}

/** Whom the agents of a step may start, and what these may do then: `worker (read_file; files read; ...)`, a text for each leader. */
export function leadTexts(plan: Plan, step: PlannedStep): readonly string[] {
  return workersOf(step).flatMap((name) => {
    const spawn = plan.agents[name]?.tools?.spawn;
    if (spawn === undefined) return [];
    const texts = membersOf(plan.agents, name).flatMap((member) => {
      const tools = plan.agents[member.name]?.tools;
      if (member.name === name && !childrenOf(plan.agents, name).includes(name)) return [];
      const may =
        tools === undefined ? "" : ` (${namesText(tools).replace(/^none$/, "no tools")}; ${grantText(member.grant)})`;
      return [`${member.name.split("#").at(-1) ?? member.name}${may}`];
    });
    return [`up to ${spawn.maxChildren} in a task: ${[...new Set(texts)].join("; ")}`];
  });
}

/** `mcp:files (2 tools of server-filesystem ., sandbox require)`, `mcp:desk (1 tool of https://...)`. */
function serverText(server: PlannedServer): string {
  const tools = `${server.tools.length} tool${server.tools.length === 1 ? "" : "s"}`;
  const shutIn = server.kind === "stdio" ? `, sandbox ${server.sandbox}` : "";
  return oneLine(`mcp:${server.name} (${tools} of ${lockName(server)}${shutIn})`);
}

/** What the whole workflow may touch. */
export function topGrantText(plan: Plan): string {
  return grantText(grantOf(plan.permissions ?? null));
}

/** What may be touched in a scope, wherever it is used; more than one where its callers allow different things. */
export function scopeGrantText(plan: Plan, scope: number): string {
  const texts = scopeGrants(plan).flatMap((each) => (each.scope === scope ? [grantText(each.grant)] : []));
  return [...new Set(texts)].join(", or ");
}

/** The effective permissions of every workflow, for programs: `path` null = the file itself. */
export function grantsJson(plan: Plan): readonly JsonObject[] {
  return scopeGrants(plan).flatMap(({ scope, grant, around }) => {
    const workflow = plan.scopes[scope]?.workflow ?? null;
    if (scope !== 0 && workflow === null) return [];
    const steps = around.map((at) => plan.scopes[at.scope]?.steps[at.step]?.id ?? "");
    const { files, network, shell, state, sessions } = grant;
    const hosts = network.map(({ host, isPrivate }) => ({ host, private: isPrivate }));
    return [
      {
        path: workflow?.path ?? null,
        steps,
        files,
        network: hosts,
        shell,
        state,
        ...(sessions === "any" || sessions.length === 0 ? {} : { sessions }),
      },
    ];
  });
}
