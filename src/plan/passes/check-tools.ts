import type { NormalAgent, NormalManifest } from "../../manifest/normal.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import { grantOf } from "../permissions.ts";
import type { Problems } from "../problems.ts";
import { isToolName, laterTools, teamToolTable, toolRefusal, toolTable } from "../tool-table.ts";
import type { PlannedSpawn, PlannedTools } from "../types.ts";

/** What an agent may do beside answering; null = nothing. Unknown tools are left out, and were reported. */
export function toolsOf(
  { tools, permissions, sandbox, resources, maxTurns }: NormalAgent,
  spawn: PlannedSpawn | null,
): PlannedTools | null {
  const names = [...new Set(tools)].filter(isToolName);
  if (names.length === 0 && spawn === null) return null;
  return { names, permissions, sandbox, resources, maxTurns, ...(spawn === null ? {} : { spawn }) };
}

/** Reports tools that there are not, that are named twice, or that their agent is not allowed to use for anything. */
export function checkTools({ agents }: NormalManifest, problems: Problems): void {
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
    const seen = new Set<string>();
    for (const [index, tool] of agent.tools.entries()) {
      const pointer = ["agents", name, "tools", index];
      if (!isToolName(tool)) {
        unknownTool(tool, pointer, problems);
        continue;
      }
      if (seen.has(tool)) {
        const message = `agent '${name}' has the tool '${tool}' twice`;
        problems.error(pointer, { code: "WF7002", message, help: "take one of them out" });
        continue;
      }
      seen.add(tool);
      const reason = toolRefusal(tool, grant);
      if (reason === null) continue;
      problems.error(pointer, {
        code: "WF8008",
        message: `agent '${name}' could never use its tool '${tool}': ${reason}`,
        help: `allow it, ${example(tool)}; or take the tool out`,
      });
    }
  }
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
  const value = { network: '["example.com"]', shell: "[git]", files: mode, state: mode }[needs];
  return `\`permissions: { ${needs}: ${value} }\` at the agent`;
}

function unknownTool(tool: string, pointer: Pointer, problems: Problems): void {
  const later = Object.hasOwn(laterTools, tool) ? laterTools[tool] : undefined;
  if (later !== undefined || tool.startsWith("mcp:")) {
    const why = later ?? "tools of MCP servers come with `mcp`";
    problems.error(pointer, { code: "WF2007", message: `'${tool}' is not in this version yet`, help: why });
    return;
  }
  if (Object.hasOwn(teamToolTable, tool)) {
    const help = "write `spawn: { agents: [...] }` at the agent, and take it out here";
    problems.error(pointer, { code: "WF7001", message: `'${tool}' comes with \`spawn\`, and is not listed`, help });
    return;
  }
  const meant = problems.suggest(tool, Object.keys(toolTable));
  problems.error(pointer, {
    code: "WF7001",
    message: `there is no tool '${tool}'`,
    help: meant === null ? `the tools are ${Object.keys(toolTable).join(", ")}` : `did you mean '${meant}'?`,
  });
}
