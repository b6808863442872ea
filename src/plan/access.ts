import { asText } from "../util/json.ts";
import { hostKey, isPrivateHost } from "./host-pattern.ts";
import { accessesOfTool, toolRefusal } from "./tool-table.ts";
import type { ServerAddress } from "./mcp-server.ts";
import { grantOf, narrowed, refusalOf, type Access, type Grant } from "./permissions.ts";
import { membersOf } from "./team.ts";
import { stateReads, workersOf, type AgentBody, type Plan, type PlannedDriver, type PlannedStep } from "./types.ts";

/** Something that a step will touch, as far as its text tells, and the part of the step that says so. */
export interface StepAccess {
  readonly access: Access;
  /** Keys below the step: `["http", "url"]`. */
  readonly part: readonly string[];
}

/** What a step itself touches; what is inside of a group or a workflow that it uses is theirs. */
export function accessesOf({ agents }: Pick<Plan, "agents">, step: PlannedStep): readonly StepAccess[] {
  const { body, fan } = step;
  const files: StepAccess[] = fan?.glob
    ? [{ access: { kind: "files", mode: "read" }, part: ["for_each", "glob"] }]
    : [];
  switch (body.kind) {
    case "agent": {
      const workers = workersOf(step);
      // Most agents only answer.
      const onlyAnswers = (name: string): boolean =>
        agents[name]?.tools === undefined && agents[name]?.driver === undefined;
      if (body.session === undefined && workers.every(onlyAnswers)) return files;
      const members = workers.flatMap((name) => membersOf(agents, name));
      // What an agent's own permissions refuse is told there.
      const touched = members.flatMap(({ name, grant }) => {
        const { names = [], servers = [] } = agents[name]?.tools ?? {};
        const own = names.flatMap((tool) => (toolRefusal(tool, grant) === null ? accessesOfTool(tool, grant) : []));
        const more = servers.map(accessOfServer).filter((access) => refusalOf(grant, access) === null);
        return [...own, ...more];
      });
      const programs = new Set(members.flatMap(({ name }) => programOf(agents[name]?.driver) ?? []));
      const started = [...programs].map((program): Access => ({ kind: "program", program }));
      const part = [step.handoff === undefined ? keyOf(body) : "handoff"];
      const sent = body.session === undefined ? [] : [sessionAccess(body.session)];
      return [...files, ...[...sent, ...touched, ...started].map((access) => ({ access, part }))];
    }
    case "run": {
      if (!("argv" in body.command)) return [...files, { access: { kind: "script" }, part: ["run"] }];
      const [program] = body.command.argv;
      if (program?.kind !== "literal") return files;
      return [...files, { access: { kind: "program", program: asText(program.value) }, part: ["run"] }];
    }
    case "http":
      return body.origin === null ? files : [...files, hostAccess(new URL(body.origin).hostname, ["http", "url"])];
    case "sql": {
      const part = ["sql", "connection"];
      if (body.host !== null) return [...files, hostAccess(body.host, part)];
      if (body.dialect !== "sqlite") return files;
      return [...files, { access: { kind: "files", mode: body.isWrite ? "write" : "read" }, part }];
    }
    case "state": {
      const mode = stateReads.includes(body.operation) ? "read" : "write";
      return [...files, { access: { kind: "state", mode }, part: ["state"] }];
    }
    default:
      return files;
  }
}

/** What reaching an MCP server touches: it is a program that is started, or a host. */
export function accessOfServer(server: ServerAddress): Access {
  if (server.kind === "stdio") return { kind: "program", program: server.argv[0] ?? "" };
  const host = hostKey(new URL(server.url).hostname);
  return { kind: "host", host, isPrivate: isPrivateHost(host) };
}

/** The key that says who does it. */
function keyOf({ session, send }: AgentBody): string {
  return session === undefined ? "agent" : send === undefined ? "session" : "send";
}

/** A session by its name in the plan. */
function sessionAccess(name: string): Access {
  return { kind: "session", session: name.slice(name.lastIndexOf("#") + 1) };
}

/** The program that drives an agent; null = a model does. */
export function programOf(driver: PlannedDriver | undefined): string | null {
  const [program] = driver?.argv ?? [];
  return program?.kind === "literal" && program.value !== null ? asText(program.value) : null;
}

function hostAccess(host: string, part: readonly string[]): StepAccess {
  return { access: { kind: "host", host: hostKey(host), isPrivate: isPrivateHost(host) }, part };
}

/** A scope with what may be touched in it, and the steps around it, outermost first. */
export interface ScopeGrant {
  readonly scope: number;
  readonly grant: Grant;
  readonly around: readonly { readonly scope: number; readonly step: number }[];
}

/** All scopes of a plan with their grants, outer ones first; a scope once for each different grant that reaches it. */
export function scopeGrants(plan: Plan): readonly ScopeGrant[] {
  const found: ScopeGrant[] = [];
  const known = new Set<string>();
  const visit = (scope: number, grant: Grant, around: ScopeGrant["around"]): void => {
    const key = `${scope} ${JSON.stringify(grant)}`;
    if (known.has(key)) return;
    known.add(key);
    found.push({ scope, grant, around });
    plan.scopes[scope]?.steps.forEach(({ body }, step) => {
      if (body.kind !== "steps" && body.kind !== "uses") return;
      visit(body.scope, grantInside(plan, body.scope, grant), [...around, { scope, step }]);
    });
  };
  visit(0, grantOf(plan.permissions ?? null), []);
  return found;
}

/** What may be touched in a scope that a step opens where `outer` may be. */
export function grantInside(plan: Plan, scope: number, outer: Grant): Grant {
  const own = plan.scopes[scope]?.workflow?.permissions;
  return own === undefined ? outer : narrowed(outer, grantOf(own));
}
