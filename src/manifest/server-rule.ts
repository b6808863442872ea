import { isJsonObject, type JsonObject } from "../util/json.ts";
import type { ProblemList } from "./problem-list.ts";

/** Keys that only a server of this kind has. */
const own: { readonly [kind: string]: readonly string[] } = {
  command: ["args", "env", "sandbox"],
  url: ["headers"],
};

const known = new Set([...Object.keys(own), ...Object.values(own).flat()]);

/** Reports MCP servers that are neither a program nor an address, or both, and keys of the other kind. */
export function checkServers(agents: JsonObject, problems: ProblemList): void {
  for (const [agent, { mcp }] of Object.entries(agents).filter((entry): entry is [string, JsonObject] =>
    isJsonObject(entry[1]),
  )) {
    for (const [name, server] of isJsonObject(mcp) ? Object.entries(mcp) : []) {
      if (!isJsonObject(server)) continue;
      const pointer = ["agents", agent, "mcp", name];
      const kinds = Object.keys(own).filter((kind) => server[kind] !== undefined);
      const not = (key: string, message: string, help: string): void =>
        problems.add("WF2015", [...pointer, key], message, { part: "key", help });
      const [kind, second] = kinds;
      if (kind === undefined) {
        // A key that was misspelt was told.
        if (Object.keys(server).some((key) => !known.has(key) && !key.startsWith("x-"))) continue;
        problems.add("WF2002", pointer, `the MCP server '${name}' says neither 'command' nor 'url'`, {
          part: "key",
          help: "write `command: PROGRAM` for one that is started, or `url: https://...` for one that runs already",
        });
        continue;
      }
      if (second !== undefined) not(second, `'${second}' beside '${kind}': a server is one of the two`, "take one out");
      const other = kind === "command" ? "url" : "command";
      for (const key of own[other] ?? []) {
        if (server[key] !== undefined && second === undefined)
          not(key, `'${key}' has no meaning beside '${kind}'`, `it goes with \`${other}\`: take it out`);
      }
    }
  }
}
