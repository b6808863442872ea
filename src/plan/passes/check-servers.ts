import type { NormalAgent } from "../../manifest/normal.ts";
import type { Result } from "../../util/result.ts";
import { accessOfServer } from "../access.ts";
import {
  lockName,
  mcpToolName,
  type PinnedServers,
  type PinnedTool,
  type PlannedServer,
  type ServerAddress,
} from "../mcp-server.ts";
import { grantOf, refusalOf } from "../permissions.ts";
import type { Problem, Problems } from "../problems.ts";
import type { ParsedServers } from "./parse-servers.ts";

/** What is known of the MCP servers of a file. */
export interface ServersAround {
  readonly parsed: ParsedServers;
  /** What `muster.lock` says; asked only where there is a server. */
  readonly pinned: () => Result<PinnedServers, Problem>;
  /** Servers of which it was told that nobody has agreed to them. */
  readonly told: Set<string>;
  readonly problems: Problems;
}

/**
 * The MCP servers of which an agent has tools. Reports tools that they do not have, servers whose tools nobody has agreed
 * to, that may not be reached, or of which no tool is used.
 */
export function checkServers(name: string, agent: NormalAgent, around: ServersAround): readonly PlannedServer[] {
  const { problems } = around;
  const pointer = ["agents", name, "mcp"];
  const pinned = Object.keys(agent.servers).length === 0 ? null : around.pinned();
  if (pinned !== null && !pinned.ok) problems.error(pointer, { ...pinned.error, piece: "key" });
  const planned: PlannedServer[] = [];
  for (const [server, address] of around.parsed.get(name) ?? []) {
    const named = agent.tools.some((tool) => mcpToolName(tool)?.server === server);
    if (!named) {
      problems.warn([...pointer, server], {
        code: "WF7011",
        message: `agent '${name}' uses no tool of its MCP server '${server}'`,
        help: `name them in \`tools\`: mcp:${server}, or mcp:${server}/TOOL; or take the server out`,
        piece: "key",
      });
      continue;
    }
    if (address === null) continue;
    const known = pinned?.ok === true ? pinned.value.get(lockName(address)) : undefined;
    if (pinned?.ok === true && known === undefined && !around.told.has(lockName(address))) {
      around.told.add(lockName(address));
      problems.error([...pointer, server], {
        code: "WF7010",
        message: `the tools of the MCP server '${server}' are not in muster.lock: nobody has agreed to them`,
        help: "run 'muster validate --pin-tools' on your machine, which starts the server, look at what it added, and commit muster.lock",
        piece: "key",
      });
    }
    checkReach(name, server, agent, address, problems);
    const tools = known === undefined ? [] : chosenTools(name, server, agent, known, problems);
    planned.push({ name: server, tools, ...address });
  }
  reportUnknown(name, agent, problems);
  return planned;
}

/** A server is reached within the permissions of its agent: its host, or its program. */
function checkReach(
  name: string,
  server: string,
  { permissions }: NormalAgent,
  address: ServerAddress,
  problems: Problems,
): void {
  const pointer = ["agents", name, "mcp", server];
  const access = accessOfServer(address);
  if (address.kind === "stdio" && address.sandbox === "off") {
    problems.warn([...pointer, "sandbox"], {
      code: "WF8009",
      message: `the MCP server '${server}' of agent '${name}' runs without a sandbox: with your files and the whole network, whatever \`permissions\` say`,
      help: "leave `sandbox` out where it needs neither",
    });
  }
  const refusal = refusalOf(grantOf(permissions), access);
  if (refusal === null) return;
  const allowed =
    access.kind === "host"
      ? `network: [${access.host}]`
      : `shell: [${address.kind === "stdio" ? (address.argv[0] ?? "") : ""}]`;
  problems.error([...pointer, access.kind === "host" ? "url" : "command"], {
    code: "WF8008",
    message: `agent '${name}' may not use its MCP server '${server}': ${refusal}`,
    help: `allow it, \`permissions: { ${allowed} }\` at the agent`,
  });
}

/** The tools of a server that the agent names, each once, in the order of the lock. */
function chosenTools(
  name: string,
  server: string,
  agent: NormalAgent,
  known: readonly PinnedTool[],
  problems: Problems,
): readonly PinnedTool[] {
  const all = agent.tools.some((tool) => tool === `mcp:${server}`);
  const chosen = new Set<string>();
  for (const [index, written] of agent.tools.entries()) {
    const named = mcpToolName(written);
    if (named?.server !== server || named.tool === null) continue;
    const pointer = ["agents", name, "tools", index];
    const names = known.map((tool) => tool.name);
    if (!names.includes(named.tool)) {
      const meant = problems.suggest(named.tool, names);
      problems.error(pointer, {
        code: "WF7001",
        message: `the MCP server '${server}' has no tool '${named.tool}', as muster.lock has it`,
        help: meant === null ? `it has ${names.join(", ") || "none"}` : `did you mean 'mcp:${server}/${meant}'?`,
      });
    }
    if (all) {
      const message = `agent '${name}' has the tool '${written}' twice: 'mcp:${server}' are all of them`;
      problems.error(pointer, { code: "WF7002", message, help: "take one of them out" });
    }
    chosen.add(named.tool);
  }
  return all ? known : known.filter((tool) => chosen.has(tool.name));
}

/** Reports tools of servers that the agent does not have. */
function reportUnknown(name: string, { tools, servers }: NormalAgent, problems: Problems): void {
  for (const [index, written] of tools.entries()) {
    const named = mcpToolName(written);
    if (named === null || Object.hasOwn(servers, named.server)) continue;
    const meant = problems.suggest(named.server, Object.keys(servers));
    problems.error(["agents", name, "tools", index], {
      code: "WF7001",
      message: `agent '${name}' has no MCP server '${named.server}'`,
      help:
        meant === null
          ? `declare it at the agent: \`mcp: { ${named.server}: { command: PROGRAM } }\``
          : `did you mean 'mcp:${meant}${named.tool === null ? "" : `/${named.tool}`}'?`,
    });
  }
}
