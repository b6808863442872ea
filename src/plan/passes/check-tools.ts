import type { NormalAgent } from "../../manifest/normal.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import { mcpToolName } from "../mcp-server.ts";
import { grantOf } from "../permissions.ts";
import type { Problems } from "../problems.ts";
import { isToolName, teamToolTable, toolRefusal, toolTable } from "../tool-table.ts";
import { searchesItself } from "../search.ts";
import type { WorkflowFile } from "../load-workflows.ts";
import type { AgentModels } from "./resolve-agents.ts";
import type { PlannedModel, PlannedTools } from "../types.ts";
import { checkServers } from "./check-servers.ts";
import type { ParsedServers } from "./parse-servers.ts";

/** What agents may do beside answering, by their names; those who may do nothing are left out. */
export type AgentTools = ReadonlyMap<string, PlannedTools>;

/** The tools of all agents. Reports those that there are not, that are named twice, or that their agent could never use. */
export function checkTools(
  { manifest: { agents }, pinned, canSearch }: Pick<WorkflowFile, "manifest" | "pinned" | "canSearch">,
  parsed: ParsedServers,
  models: AgentModels,
  problems: Problems,
): AgentTools {
  const planned = new Map<string, PlannedTools>();
  const told = new Set<string>();
  for (const [name, agent] of Object.entries(agents)) {
    const grant = grantOf(agent.permissions);
    if (agent.tools.length === 0 && agent.spawn === null && agent.writtenForTools !== null && agent.driver === null) {
      problems.error(["agents", name, agent.writtenForTools], {
        code: "WF7003",
        message: `agent '${name}' says \`${agent.writtenForTools}\`, and has no tools`,
        help: "give it `tools: [...]`, or take the key out",
        piece: "key",
      });
    }
    if (agent.tools.includes("shell")) checkNetwork(name, agent, problems);
    const servers = checkServers(name, agent, { parsed, pinned, told, problems });
    const { tools, permissions, sandbox, resources, maxTurns } = agent;
    const names = [...new Set(tools)].filter(isToolName);
    const search = !names.includes("web_search") ? null : canSearch ? ("endpoint" as const) : ("provider" as const);
    if (search === "provider") checkSearch(name, agent, models.get(name) ?? [], problems);
    const more = {
      ...(servers.length === 0 ? {} : { servers }),
      ...(search === null ? {} : { search }),
    };
    if (names.length > 0 || servers.length > 0 || agent.spawn !== null)
      planned.set(name, { names, ...more, permissions, sandbox, resources, maxTurns });
    const seen = new Set<string>();
    for (const [index, tool] of agent.tools.entries()) {
      const pointer = ["agents", name, "tools", index];
      const isServers = mcpToolName(tool) !== null;
      if (!isServers && !isToolName(tool)) {
        unknownTool(tool, pointer, problems);
        continue;
      }
      if (seen.has(tool)) {
        const message = `agent '${name}' has the tool '${tool}' twice`;
        problems.error(pointer, { code: "WF7002", message, help: "take one of them out" });
        continue;
      }
      seen.add(tool);
      if (!isToolName(tool)) continue;
      const reason = toolRefusal(tool, grant);
      if (reason === null) continue;
      problems.error(pointer, {
        code: "WF8008",
        message: `agent '${name}' could never use its tool '${tool}': ${reason}`,
        help: `allow it, ${example(tool)}; or take the tool out`,
      });
    }
  }
  return planned;
}

/** Without an endpoint somebody must search who can. */
function checkSearch(name: string, { tools }: NormalAgent, models: readonly PlannedModel[], problems: Problems): void {
  const blind = models.find((model) => !searchesItself(model));
  if (blind === undefined) return;
  problems.error(["agents", name, "tools", tools.indexOf("web_search")], {
    code: "WF7012",
    message: `agent '${name}' has the tool 'web_search', and ${blind.id} cannot search the web`,
    help: "export MUSTER_SEARCH_URL, an endpoint for searches such as that of SearXNG; or give the agent a model of Anthropic's",
  });
}

/** In a sandbox there is no network, outside of it there is all of it: neither is what `permissions` say. */
function checkNetwork(name: string, { permissions, sandbox }: NormalAgent, problems: Problems): void {
  if (permissions.shell === "none") return;
  if (sandbox !== "off") {
    if (permissions.network.length === 0) return;
    problems.warn(["agents", name, "permissions", "network"], {
      code: "WF8009",
      message: `the commands of agent '${name}' get no network, whatever \`network\` says: only \`web_fetch\` does`,
      help: "commands in a sandbox are without network in this version; fetch what they need in a step before",
      piece: "key",
    });
    return;
  }
  problems.warn(["agents", name, "sandbox"], {
    code: "WF8009",
    message: `the commands of agent '${name}' run without a sandbox: with your files and the whole network, whatever \`permissions\` say`,
    help: "leave `sandbox` out, or say `require`",
  });
}

function example(tool: keyof typeof toolTable): string {
  const { needs, mode } = toolTable[tool];
  const own = { network: '["example.com"]', shell: "[git]", sessions: "[helpdesk]", nothing: "" };
  const value = { ...own, files: mode, state: mode }[needs];
  return `\`permissions: { ${needs}: ${value} }\` at the agent`;
}

function unknownTool(tool: string, pointer: Pointer, problems: Problems): void {
  if (Object.hasOwn(teamToolTable, tool)) {
    const help = "write `spawn: { agents: [...] }` at the agent, and take it out here";
    problems.error(pointer, { code: "WF7001", message: `'${tool}' comes with \`spawn\`, and is not listed`, help });
    return;
  }
  const meant = problems.suggest(tool, Object.keys(toolTable));
  problems.error(pointer, {
    code: "WF7001",
    message: `there is no tool '${tool}'`,
    help:
      meant === null
        ? `the tools are ${Object.keys(toolTable).join(", ")}, and mcp:SERVER`
        : `did you mean '${meant}'?`,
  });
}
