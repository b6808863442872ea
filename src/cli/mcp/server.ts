import { fromJsonSchema, McpServer, type JsonSchemaType } from "@modelcontextprotocol/server";
import { RequestError } from "../../library/request-error.ts";
import { version } from "../../util/version.ts";
import { UsageError } from "../exit-code.ts";
import { packageFile } from "../package-file.ts";
import type { McpHost, McpTool, ToolCall } from "./host.ts";
import { planTool } from "./plan-tool.ts";
import { runTool } from "./run-tool.ts";
import { showTool } from "./show-tool.ts";
import { historyTool, listTool } from "./team/list-tool.ts";
import { sendTool } from "./team/send-tool.ts";
import { spawnTool } from "./team/spawn-tool.ts";
import { subagentsTool } from "./team/subagents-tool.ts";
import { waitTool } from "./team/wait-tool.ts";
import { validateTool } from "./validate-tool.ts";

/** Where the pages that a client may read lie in the package. */
const pages = [
  { name: "language", title: "The language: every key of a manifest, with an example", path: "docs/language.md" },
  { name: "concepts", title: "How a run works", path: "docs/concepts.md" },
  { name: "choices", title: "How Muster behaves where one could expect something else", path: "docs/choices.md" },
] as const;

/** The server: the tools that there are, and the pages that explain the language. */
export function createServer(host: McpHost): McpServer {
  const server = new McpServer({ name: "muster", version }, { instructions: instructionsOf(host) });
  const workflowTools = [validateTool, planTool, runTool, showTool];
  const teamTools = [spawnTool, waitTool, sendTool, listTool, historyTool, subagentsTool];
  for (const tool of [...workflowTools, ...teamTools]) addTool(server, tool(host));
  for (const { name, title, path } of pages) {
    const uri = `muster://${name}`;
    const mimeType = "text/markdown";
    server.registerResource(name, uri, { title, mimeType }, () => ({
      contents: [{ uri, mimeType, text: packageFile(path) }],
    }));
  }
  return server;
}

function instructionsOf({ file }: McpHost): string {
  const what = file === null ? "the workflows of this project" : `the workflow ${file}`;
  return (
    `Validates, plans and runs ${what}, starts its agents and writes to its sessions. Agents, permissions, limits and budget are those of the file: no tool changes ` +
    "them. Approvals are for people: no tool answers one."
  );
}

function addTool(
  server: McpServer,
  { name, title, description, properties, required = [], isReadOnly, call }: McpTool,
) {
  const schema = { type: "object", properties, required, additionalProperties: false } as unknown as JsonSchemaType;
  const annotations = { readOnlyHint: isReadOnly, openWorldHint: !isReadOnly };
  const inputSchema = fromJsonSchema<{ readonly [name: string]: unknown }>(schema);
  server.registerTool(name, { title, description, inputSchema, annotations }, async (given, context) => {
    const { signal, _meta, notify } = context.mcpReq;
    const token = _meta?.progressToken;
    // What is told after the answer nobody listens to.
    let told = Promise.resolve();
    const progress: ToolCall["progress"] = (done, message) => {
      if (token === undefined || signal.aborted) return;
      const params = { progressToken: token, progress: done, message };
      const one = notify({ method: "notifications/progress", params });
      // Whoever went away need not be told.
      told = told.then(() => one).catch(() => {});
    };
    try {
      const answer = await call(given, { signal, progress });
      await told;
      return { content: [{ type: "text", text: JSON.stringify(answer, null, 2) }], structuredContent: answer };
    } catch (error) {
      if (error instanceof RequestError) return refusal(error.problems.join("\n"));
      if (error instanceof UsageError || (error instanceof Error && error.name === "StoreError"))
        return refusal(error.message);
      throw error;
    }
  });
}

function refusal(text: string) {
  return { content: [{ type: "text" as const, text }], isError: true };
}
