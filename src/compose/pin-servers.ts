import { prepareServers } from "../engine/step/agent-servers.ts";
import { evaluateEnv } from "../engine/local/scope-entry.ts";
import { createEvaluator } from "../expression/evaluate.ts";
import type { CheckedFile } from "../plan/check-file.ts";
import { lockName, type PinnedServers, type PinnedTool } from "../plan/mcp-server.ts";
import { grantOf, narrowed, type Grant } from "../plan/permissions.ts";
import type { Failure } from "../run/failure.ts";
import { systemResolve } from "../network/resolve.ts";
import { McpConnection } from "../tool/mcp/connection.ts";
import type { ReachedServer } from "../tool/tool-server.ts";
import { canonicalJson } from "../util/canonical-json.ts";
import type { Json } from "../util/json.ts";
import { ok, type Result } from "../util/result.ts";
import type { Environment } from "./environment.ts";
import { createFindWay } from "./mcp.ts";
import { sandboxOfThisMachine } from "./tools.ts";

/** An MCP server of an agent, and within what it is started to say what its tools are. */
export interface ServerUse {
  readonly agent: string;
  /** What it is called in `muster.lock`. */
  readonly lockName: string;
  readonly reached: Result<ReachedServer, Failure>;
  readonly grant: Grant;
  readonly resources: { readonly memoryBytes: number; readonly processes: number };
}

/** The MCP servers that the agents of a file name, each once; values are filled in from the defaults of its inputs. */
export function serversOf(files: Iterable<CheckedFile>, env: Environment): readonly ServerUse[] {
  const evaluator = createEvaluator();
  const uses = new Map<string, ServerUse>();
  for (const { file, parsed } of files) {
    const { manifest } = file;
    const secrets = Object.fromEntries(manifest.secrets.map((name) => [name, env[name] ?? ""]));
    const defaults = Object.entries(manifest.inputs).map(([name, input]) => [name, input.default] as const);
    const base = { inputs: Object.fromEntries(defaults) as Json, run: { name: manifest.name } };
    const workflowEnv = evaluateEnv(parsed.env, base, { evaluator, secrets }, false);
    const values = { ...base, env: workflowEnv.ok ? workflowEnv.value : {}, secrets };
    for (const [agent, servers] of parsed.servers) {
      const own = manifest.agents[agent];
      if (own === undefined) continue;
      const cap = grantOf(manifest.permissions);
      for (const [name, address] of servers) {
        if (address === null) continue;
        const key = lockName(address);
        if (uses.has(key)) continue;
        const server = { name, tools: [], ...address };
        const reached = prepareServers(
          agent,
          { servers: [server], permissions: own.permissions },
          { evaluator, values, grant: cap },
        );
        uses.set(key, {
          agent,
          lockName: key,
          reached: reached.ok ? ok(reached.value[0] as ReachedServer) : reached,
          grant: narrowed(cap, grantOf(own.permissions)),
          resources: own.resources,
        });
      }
    }
  }
  return [...uses.values()];
}

/** Asks a server what its tools are. */
export async function askServer(
  { reached, grant, resources }: ServerUse,
  workspace: string,
  env: Environment,
  signal: AbortSignal,
): Promise<Result<readonly PinnedTool[], Failure>> {
  if (!reached.ok) return reached;
  const environment = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const findWay = createFindWay({
    environment,
    resolve: systemResolve,
    sandbox: sandboxOfThisMachine(),
    cages: () => null,
  });
  const program = { env: {}, sandbox: "require", cpuMs: Infinity, ...resources } as const;
  const way = await findWay(reached.value, { grant, workspace, program, signal });
  if (!way.ok) return way;
  const connection = await McpConnection.open(reached.value.server.name, way.value, signal);
  if (!connection.ok) return connection;
  const { tools } = connection.value;
  await connection.value.close();
  return ok(tools);
}

/** What is agreed to now: an effect that a person wrote into the lock stays where nothing else has changed. */
export function agreedTools(
  name: string,
  found: readonly PinnedTool[],
  before: PinnedServers,
): { readonly tools: readonly PinnedTool[]; readonly changes: readonly string[] } {
  const known = new Map((before.get(name) ?? []).map((tool) => [tool.name, tool]));
  const changes: string[] = [];
  const tools = found.map((tool): PinnedTool => {
    const old = known.get(tool.name);
    known.delete(tool.name);
    if (old === undefined) changes.push(`+ ${tool.name}`);
    const same =
      old?.description === tool.description && canonicalJson(old.inputSchema) === canonicalJson(tool.inputSchema);
    if (old !== undefined && !same) changes.push(`~ ${tool.name}`);
    return same && old !== undefined ? old : tool;
  });
  for (const gone of known.keys()) changes.push(`- ${gone}`);
  return { tools, changes };
}
