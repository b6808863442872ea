import type { PlannedServer } from "../plan/mcp-server.ts";
import type { Failure } from "../run/failure.ts";
import type { Tool, ToolContext } from "./tool.ts";

/** An MCP server with all values filled in: secrets inside. */
export interface ReachedServer {
  readonly server: PlannedServer;
  /** Its `env`, or its headers. */
  readonly values: { readonly [name: string]: string };
}

/** An MCP server as one attempt has it: reached when it is first needed, once. */
export interface OpenServer {
  readonly tools: readonly Tool[];
  /** Reaches it, and looks whether its tools are those that somebody has agreed to; null = they are. */
  ready(context: ToolContext): Promise<Failure | null>;
  close(): Promise<void>;
}
