import type { NormalManifest, NormalServer } from "../../manifest/normal.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import { asText } from "../../util/json.ts";
import { isHeaderValue } from "../header-value.ts";
import type { ServerAddress } from "../mcp-server.ts";
import type { Problems } from "../problems.ts";
import type { Reader } from "./reader.ts";

/** The MCP servers of agents, by the names of agent and server; null = what is wrong with its address was reported. */
export type ParsedServers = ReadonlyMap<string, ReadonlyMap<string, ServerAddress | null>>;

/** Reads the expressions in the MCP servers of agents, and looks at what must be written out. */
export function parseServers({ agents }: NormalManifest, reader: Reader, problems: Problems): ParsedServers {
  const parsed = new Map<string, ReadonlyMap<string, ServerAddress | null>>();
  for (const [agent, { servers }] of Object.entries(agents)) {
    const own = Object.entries(servers).map(([name, server]) => {
      const pointer = ["agents", agent, "mcp", name];
      return [name, parseServer(server, pointer, reader, problems)] as const;
    });
    if (own.length > 0) parsed.set(agent, new Map(own));
  }
  return parsed;
}

function parseServer(server: NormalServer, pointer: Pointer, reader: Reader, problems: Problems): ServerAddress | null {
  if (server.kind === "stdio") {
    const { argv, sandbox } = server;
    const env = reader.texts(server.env, [...pointer, "env"], "agent_environment");
    for (const [index, part] of argv.entries()) {
      if (!part.includes("{{")) continue;
      problems.error([...pointer, ...(index === 0 ? ["command"] : ["args", index - 1])], {
        code: "WF4003",
        message: "the command line of an MCP server is written out: what its tools are is pinned for it",
        help: "give the value by `env`",
      });
    }
    return argv.some((part) => part.includes("{{")) ? null : { kind: "stdio", argv, env, sandbox };
  }
  const { url } = server;
  const isSound = checkUrl(url, [...pointer, "url"], problems);
  const headers = reader.texts(server.headers, [...pointer, "headers"], "agent_environment");
  for (const [name, value] of Object.entries(headers)) {
    if (value.kind !== "literal" || isHeaderValue(asText(value.value))) continue;
    const message = `the header '${name}' has a line end or another sign in it that no header may have`;
    problems.error([...pointer, "headers", name], { code: "WF2006", message });
  }
  return isSound ? { kind: "http", url, headers } : null;
}

/** True when it is an address to which a request can go. */
function checkUrl(text: string, pointer: Pointer, problems: Problems): boolean {
  const fail = (code: "WF2006" | "WF8003", message: string, help: string): false => {
    problems.error(pointer, { code, message, help });
    return false;
  };
  if (text.includes("{{")) {
    const why = "the address of an MCP server is written out: what its tools are is pinned for it";
    return fail("WF8003", why, "put what differs into `headers`");
  }
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    return fail("WF2006", "'url' must be an address of the web", "write https://mcp.example.com/mcp");
  const { username, password } = new URL(text);
  if (username === "" && password === "") return true;
  const help = 'write `headers: { authorization: "Bearer {{ secrets.TOKEN }}" }`';
  return fail("WF2006", "'url' has a user or a password in it", help);
}
