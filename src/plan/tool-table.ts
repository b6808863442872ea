import type { Effect } from "./effect.ts";
import { isPrivateHost } from "./host-pattern.ts";
import { refusalOf, type Access, type Grant } from "./permissions.ts";

/** What the plan knows of a tool; how it is done is the affair of `tool/`. */
export interface ToolFacts {
  /** What doing it twice would mean. `none`: it changes nothing, and runs beside others. */
  readonly effect: Effect;
  /** The part of `permissions` that it needs. */
  readonly needs: "files" | "state" | "network" | "shell" | "sessions" | "nothing";
  readonly mode: "read" | "write";
  /** Raised when it does something else than before: then recorded outcomes of its agents are no answer any more. */
  readonly version: number;
}

/** The tools that come with muster, by name. Permanent names. */
export const toolTable = {
  read_file: { effect: "none", needs: "files", mode: "read", version: 1 },
  write_file: { effect: "idempotent", needs: "files", mode: "write", version: 1 },
  edit_file: { effect: "idempotent", needs: "files", mode: "write", version: 1 },
  list_files: { effect: "none", needs: "files", mode: "read", version: 1 },
  search_files: { effect: "none", needs: "files", mode: "read", version: 1 },
  shell: { effect: "unsafe", needs: "shell", mode: "write", version: 1 },
  web_fetch: { effect: "none", needs: "network", mode: "read", version: 1 },
  // The provider does it, or an endpoint that whoever runs it has named: no host of the agent's choice is reached.
  web_search: { effect: "none", needs: "nothing", mode: "read", version: 1 },
  state_get: { effect: "none", needs: "state", mode: "read", version: 1 },
  state_set: { effect: "idempotent", needs: "state", mode: "write", version: 1 },
  state_list: { effect: "none", needs: "state", mode: "read", version: 1 },
  send_message: { effect: "idempotent", needs: "sessions", mode: "write", version: 1 },
} as const satisfies { readonly [name: string]: ToolFacts };

/** The tools that an agent with `spawn` has: nobody lists them. The leader's own record says what was done, so none is done twice. */
export const teamToolTable = {
  sessions_spawn: { effect: "idempotent", version: 1 },
  sessions_wait: { effect: "idempotent", version: 1 },
  sessions_send: { effect: "idempotent", version: 1 },
  sessions_list: { effect: "idempotent", version: 1 },
  sessions_history: { effect: "idempotent", version: 1 },
  subagents: { effect: "idempotent", version: 1 },
} as const satisfies { readonly [name: string]: Pick<ToolFacts, "effect" | "version"> };

/** The name of a tool that comes with `spawn`. */
export type TeamToolName = keyof typeof teamToolTable;

/** The name of a tool that comes with muster. */
export type ToolName = keyof typeof toolTable;

/** True for the name of a tool that there is. */
export function isToolName(name: string): name is ToolName {
  return Object.hasOwn(toolTable, name);
}

/** Why an agent with this grant could never use a tool, as the end of a sentence; null = it can, at least for something. */
export function toolRefusal(name: ToolName, grant: Grant): string | null {
  const { needs, mode } = toolTable[name];
  switch (needs) {
    case "network":
      return grant.network.length > 0 ? null : "`permissions.network` names no host";
    case "nothing":
      return null;
    case "shell":
      return grant.shell === "none" || grant.shell.length === 0 ? "`permissions.shell` allows no programs" : null;
    case "sessions":
      return grant.sessions.length > 0 ? null : "`permissions.sessions` names no session";
    default:
      return refusalOf(grant, { kind: needs, mode });
  }
}

/** What the tools of an agent touch, as far as that is known without their arguments. */
export function accessesOfTool(name: ToolName, grant: Grant): readonly Access[] {
  const { needs, mode } = toolTable[name];
  switch (needs) {
    case "network":
      return grant.network
        .filter(({ host }) => !host.startsWith("*"))
        .map(({ host }) => ({ kind: "host", host, isPrivate: isPrivateHost(host) }));
    case "nothing":
      return [];
    case "shell":
      if (grant.shell === "any") return [{ kind: "script" }];
      return grant.shell === "none" ? [] : grant.shell.map((program) => ({ kind: "program", program }));
    case "sessions":
      return grant.sessions === "any" ? [] : grant.sessions.map((session) => ({ kind: "session", session }));
    default:
      return [{ kind: needs, mode }];
  }
}
