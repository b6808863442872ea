import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** An MCP server over HTTP with the tool `whoami`, which says what it was asked with. */
export interface FakeHttpServer {
  readonly url: string;
  /** Headers of all requests so far. */
  readonly asked: readonly IncomingHttpHeaders[];
  /** From now on it answers with this status alone. */
  fails(status: number, headers?: { readonly [name: string]: string }): void;
  /** Forgets who has asked so far. */
  forget(): void;
  close(): void;
}

export async function startHttpServer(): Promise<FakeHttpServer> {
  const asked: IncomingHttpHeaders[] = [];
  let failing: { readonly status: number; readonly headers: { readonly [name: string]: string } } | null = null;
  const server = createServer((request, response) => {
    asked.push(request.headers);
    void text(request).then((body) => {
      if (failing !== null) return response.writeHead(failing.status, failing.headers).end();
      if (request.method !== "POST") return response.writeHead(405).end();
      const { id, method } = JSON.parse(body) as { readonly id?: number; readonly method: string };
      if (id === undefined) return response.writeHead(202).end();
      const result = resultOf(method, request.headers);
      const answer = JSON.stringify({ jsonrpc: "2.0", id, result });
      return response.writeHead(200, { "content-type": "application/json" }).end(answer);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    asked,
    fails: (status, headers = {}) => void (failing = { status, headers }),
    forget: () => void asked.splice(0),
    close: () => void server.close(),
  };
}

function resultOf(method: string, headers: IncomingHttpHeaders): object {
  switch (method) {
    case "initialize":
      return { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "fake", version: "1" } };
    case "tools/list":
      return {
        tools: [
          {
            name: "whoami",
            description: "Who asks.",
            inputSchema: { type: "object" },
            annotations: { readOnlyHint: true },
          },
        ],
      };
    default:
      return { content: [{ type: "text", text: `team ${String(headers["x-team"])}` }] };
  }
}
