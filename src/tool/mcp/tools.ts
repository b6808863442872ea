import { accessOfServer } from "../../plan/access.ts";
import { wireName, type PinnedTool } from "../../plan/mcp-server.ts";
import { refusalOf } from "../../plan/permissions.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { canonicalJson } from "../../util/canonical-json.ts";
import { err, type Result } from "../../util/result.ts";
import { ToolBreak } from "../tool-break.ts";
import type { OpenServer, ReachedServer } from "../tool-server.ts";
import { bounded, denied, type Tool, type ToolContext } from "../tool.ts";
import { McpConnection, type Way } from "./connection.ts";

/** Finds the way to a server: what is a program is started. */
export type FindWay = (server: ReachedServer, context: ServerContext) => Promise<Result<Way, Failure>>;

/** Within what a server is reached. */
export type ServerContext = Pick<ToolContext, "grant" | "workspace" | "program" | "signal">;

/** The tools of a server, as they are pinned. */
export function serverTools(reached: ReachedServer, findWay: FindWay): OpenServer {
  const { server } = reached;
  let opened: Promise<Result<McpConnection, Failure>> | null = null;
  const connect = async (context: ToolContext): Promise<Result<McpConnection, Failure>> => {
    const way = await findWay(reached, context);
    if (!way.ok) return way;
    const connection = await McpConnection.open(server.name, way.value, context.signal);
    if (!connection.ok) return connection;
    const changed = changeOf(server.name, server.tools, connection.value.tools);
    if (changed === null) return connection;
    await connection.value.close();
    return err(changed);
  };
  const open = (context: ToolContext): Promise<Result<McpConnection, Failure>> => (opened ??= connect(context));
  const toolOf = ({ name, description, inputSchema, effect }: PinnedTool): Tool => ({
    name: wireName(server.name, name),
    shownAs: `mcp:${server.name}/${name}`,
    effect,
    // What fits is the affair of the server, and its schema may be hostile.
    checksItself: true,
    spec: { name: wireName(server.name, name), description, inputSchema },
    async run(input, context) {
      const refusal = refusalOf(context.grant, accessOfServer(server));
      if (refusal !== null) return denied(refusal);
      const connection = await open(context);
      if (!connection.ok) throw new ToolBreak(connection.error);
      const outcome = await connection.value.call(name, input, context.signal);
      return { ...outcome, text: bounded(outcome.text, context.longestText, "ask for less") };
    },
  });
  return {
    tools: server.tools.map(toolOf),
    async ready(context) {
      const connection = await open(context);
      return connection.ok ? null : connection.error;
    },
    async close() {
      const connection = await opened;
      if (connection?.ok === true) await connection.value.close();
    },
  };
}

/** What of the tools that an agent has is another than was agreed to; null = nothing. */
export function changeOf(server: string, agreed: readonly PinnedTool[], found: readonly PinnedTool[]): Failure | null {
  for (const pinned of agreed) {
    const how = difference(
      pinned,
      found.find(({ name }) => name === pinned.name),
    );
    if (how === null) continue;
    return failure(
      "refused",
      "mcp_tools_changed",
      `the tool '${pinned.name}' of the MCP server '${server}' ${how}, and nobody has agreed to that`,
      { help: "run 'muster validate --pin-tools', look at what changed in muster.lock, and commit it if you agree" },
    );
  }
  return null;
}

function difference(pinned: PinnedTool, now: PinnedTool | undefined): string | null {
  if (now === undefined) return "is not there any more";
  if (now.description !== pinned.description) return "has another description than muster.lock";
  if (canonicalJson(now.inputSchema) === canonicalJson(pinned.inputSchema)) return null;
  return "has another schema than muster.lock";
}
