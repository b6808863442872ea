import type { NormalServer } from "../manifest/normal.ts";
import type { Template } from "../expression/template.ts";
import { sha256 } from "../util/digest.ts";
import type { JsonObject } from "../util/json.ts";
import type { Effect } from "./effect.ts";

/** A tool of an MCP server as somebody has agreed to it. */
export interface PinnedTool {
  /** As the server calls it. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of an object. */
  readonly inputSchema: JsonObject;
  readonly effect: Effect;
}

/** By what a server is called in `muster.lock`: its tools, in the order of their names. */
export type PinnedServers = ReadonlyMap<string, readonly PinnedTool[]>;

/** An MCP server of an agent, with those of its tools that the agent has. */
export type PlannedServer = { readonly name: string; readonly tools: readonly PinnedTool[] } & ServerAddress;

/** How a server is reached. `env` and `headers` may be made of secrets. */
export type ServerAddress =
  | {
      readonly kind: "stdio";
      readonly argv: readonly string[];
      readonly env: { readonly [name: string]: Template };
      readonly sandbox: "require" | "prefer" | "off";
    }
  | { readonly kind: "http"; readonly url: string; readonly headers: { readonly [name: string]: Template } };

/** What a server is called in `muster.lock`: its command line, or its address. Two agents may have it by different names. */
export function lockName(server: NormalServer | ServerAddress): string {
  if (server.kind === "http") return server.url;
  return server.argv.map((part) => (/^[\w@%+=:,./~-]+$/.test(part) ? part : JSON.stringify(part))).join(" ");
}

/** `mcp:SERVER` or `mcp:SERVER/TOOL` in its parts (`tool` null = all of them); null for any other text. */
export function mcpToolName(written: string): { readonly server: string; readonly tool: string | null } | null {
  const match = /^mcp:([^/]+)(?:\/(.+))?$/.exec(written);
  return match === null ? null : { server: match[1] ?? "", tool: match[2] ?? null };
}

/** The longest name of a tool that all providers take. */
const LONGEST_NAME = 64;

/** What a model calls a tool of a server: letters that every provider takes, and no two tools the same. */
export function wireName(server: string, tool: string): string {
  const plain = `mcp__${server}__${tool}`;
  const name = plain.replace(/[^a-zA-Z0-9_-]/g, "_");
  if (name === plain && name.length <= LONGEST_NAME) return name;
  return `${name.slice(0, LONGEST_NAME - 9)}_${sha256(plain).slice(0, 8)}`;
}
