import type { Client, Tool as ListedTool, Transport } from "@modelcontextprotocol/client";
import type { PinnedTool } from "../../plan/mcp-server.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.ts";
import { err, ok, type Result } from "../../util/result.ts";
import { version } from "../../util/version.ts";
import { ToolBreak } from "../tool-break.ts";
import type { ToolOutcome } from "../tool.ts";
import { resultText } from "./result-text.ts";
import { hintedEffect, type ServerProcess } from "./server.ts";
import type { StdioTransport } from "./stdio-transport.ts";

/** For how long a server may start, and a call may take: as a command. */
const LONGEST_START_MS = 60_000;
const USUAL_CALL_MS = 120_000;
const LONGEST_CALL_MS = 600_000;

/** How much of stderr is shown in a failure, in characters. */
const SHOWN_STDERR = 2_000;

/** The longest description with schema of a tool, in characters of JSON, and the most tools. */
const LONGEST_TOOL = 64 * 1024;
const MOST_TOOLS = 500;

/** The way to a server. */
export interface Way {
  readonly transport: Transport;
  /** Of a program. */
  readonly program: { readonly process: ServerProcess; readonly stdio: StdioTransport } | null;
}

/** A server that answers. */
export class McpConnection {
  readonly #name: string;
  readonly #client: Client;
  readonly #way: Way;
  /** In the order of their names. */
  readonly tools: readonly PinnedTool[];

  private constructor(name: string, client: Client, way: Way, tools: readonly PinnedTool[]) {
    this.#name = name;
    this.#client = client;
    this.#way = way;
    this.tools = tools;
  }

  /** Greets a server and asks for its tools; when it fails, what was started has ended. */
  static async open(name: string, way: Way, signal: AbortSignal): Promise<Result<McpConnection, Failure>> {
    const { Client } = await import("@modelcontextprotocol/client");
    // No capabilities: a server that wants a model, a person or a folder of ours gets none. What it answers is read by a
    // model, and checked by nobody: least of all by a schema of its own.
    const client = new Client(
      { name: "muster", version },
      {
        capabilities: {},
        jsonSchemaValidator: {
          getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }),
        },
      },
    );
    try {
      const limits = { timeout: LONGEST_START_MS, signal };
      await client.connect(way.transport, limits);
      const { tools } = await client.listTools(undefined, limits);
      const pinned = tools.map(pinnedTool).toSorted((a, b) => (a.name < b.name ? -1 : 1));
      const strange = strangeTool(name, pinned);
      if (strange === null) return ok(new McpConnection(name, client, way, pinned));
      await end(client, way);
      return err(strange);
    } catch (error) {
      const why = signal.aborted ? failure("cancelled", "cancelled", "it was stopped") : opening(name, way, error);
      await end(client, way);
      return err(why);
    }
  }

  /** Calls a tool. Throws a ToolBreak when the server is gone. */
  async call(tool: string, input: JsonObject, signal: AbortSignal): Promise<ToolOutcome> {
    try {
      const result = await this.#client.callTool(
        { name: tool, arguments: input },
        {
          signal,
          timeout: USUAL_CALL_MS,
          maxTotalTimeout: LONGEST_CALL_MS,
          resetTimeoutOnProgress: true,
          onprogress: () => {},
        },
      );
      const text = resultText(result);
      return result.isError === true ? { text, isError: true } : { text };
    } catch (error) {
      if (signal.aborted) return { text: "it was stopped", isError: true };
      const gone = goneReason(this.#way);
      if (gone !== null) throw new ToolBreak(goneFailure(this.#name, tool, gone, this.#way));
      const { code, message } = error as { readonly code?: unknown; readonly message: string };
      if (code === "REQUEST_TIMEOUT") {
        const text = `the server did not answer within ${USUAL_CALL_MS / 1000} seconds; nobody knows whether it did what was asked`;
        return { text, isError: true };
      }
      if (this.#way.program === null && typeof code !== "number")
        throw new ToolBreak(goneFailure(this.#name, tool, `failed: ${message}`, this.#way));
      return { text: `the server refused: ${message}`, isError: true };
    }
  }

  close(): Promise<void> {
    return end(this.#client, this.#way);
  }
}

async function end(client: Client, { program, transport }: Way): Promise<void> {
  if (program === null && "terminateSession" in transport)
    await (transport.terminateSession as () => Promise<void>).call(transport).catch(() => {});
  await client.close().catch(() => {});
  await program?.process.stop();
}

function pinnedTool({ name, description, inputSchema, annotations }: ListedTool): PinnedTool {
  // What the library adds to a tool that it has read is no part of what the server said.
  const schema = JSON.parse(JSON.stringify(inputSchema)) as Json;
  return {
    name,
    description: description ?? "",
    inputSchema: isJsonObject(schema) ? schema : { type: "object" },
    effect: hintedEffect(annotations),
  };
}

function strangeTool(server: string, tools: readonly PinnedTool[]): Failure | null {
  const why = (text: string): Failure => failure("tool", "mcp_tools", `the MCP server '${server}' ${text}`);
  if (tools.length > MOST_TOOLS) return why(`has more than ${MOST_TOOLS} tools`);
  const large = tools.find((tool) => JSON.stringify(tool).length > LONGEST_TOOL);
  if (large !== undefined)
    return why(`describes its tool '${large.name.slice(0, 100)}' in more than ${LONGEST_TOOL / 1024} KiB`);
  const twice = tools.find((tool, index) => tools[index + 1]?.name === tool.name);
  return twice === undefined ? null : why(`has two tools '${twice.name.slice(0, 100)}'`);
}

/** Why a program is no help any more; null = it is there. */
function goneReason({ program }: Way): string | null {
  return program?.stdio.broken ?? null;
}

function opening(name: string, way: Way, error: unknown): Failure {
  const gone = goneReason(way);
  const { code, status, message } = error as {
    readonly code?: unknown;
    readonly status?: unknown;
    readonly message: string;
  };
  const http = typeof status === "number" ? status : typeof code === "number" && code >= 400 ? code : null;
  if (http === 401 || http === 403)
    return failure("auth", `http_${http}`, `the MCP server '${name}' does not let this agent in (status ${http})`, {
      help: "look at `headers` of the server",
    });
  if (code === "REQUEST_TIMEOUT")
    return failure(
      "tool",
      "mcp_no_answer",
      `the MCP server '${name}' did not answer within ${LONGEST_START_MS / 1000} seconds`,
      stderrOf(way),
    );
  const help = way.program === null ? "is the server running, and its address right?" : STARTED_HELP;
  return failure(
    "tool",
    "mcp_not_started",
    `the MCP server '${name}' ${gone ?? `could not be used: ${message}`}${lastWords(way)}`,
    { help, ...stderrOf(way) },
  );
}

const STARTED_HELP =
  "start it by hand to see what it says; in a sandbox it has no network and sees the system's programs and the workspace only (`sandbox: off` gives it all that you may do)";

function goneFailure(name: string, tool: string, how: string, way: Way): Failure {
  return failure("tool", "mcp_gone", `the MCP server '${name}' ${how}, in a call of ${tool}${lastWords(way)}`, {
    help: "what it did by then is not known; see what it says for itself",
    ...stderrOf(way),
  });
}

/** The last line that it wrote to stderr: most often the reason. */
function lastWords({ program }: Way): string {
  const [line = ""] = program?.process.stderr().trim().split("\n").slice(-1) ?? [];
  return line === "" ? "" : `: ${line.slice(0, 200)}`;
}

function stderrOf({ program }: Way): { partial?: string } {
  const text = program?.process.stderr().slice(0, SHOWN_STDERR).trim() ?? "";
  return text === "" ? {} : { partial: text };
}
