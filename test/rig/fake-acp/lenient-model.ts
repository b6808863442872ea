import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** What a coding agent's model says: a text, a call of a tool, or nothing ever (null). */
export type LenientAnswer = string | { readonly tool: string; readonly input: object } | null;

/** A request of a coding agent, as far as tests look at it. */
export interface LenientRequest {
  readonly body: string;
  /** Names of the tools that the model has; agents also ask for titles and the like, without any. */
  readonly tools: readonly string[];
  /** How many results of tools it was told so far. */
  readonly results: number;
}

/** Anthropic's API for a coding agent, which asks it for more than ours does: any request is answered. */
export async function startLenientModel(answer: LenientAnswer | ((request: LenientRequest) => LenientAnswer)) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
      if (!path.endsWith("/messages")) {
        response.writeHead(path.endsWith("/count_tokens") ? 200 : 404, { "content-type": "application/json" });
        response.end(JSON.stringify({ input_tokens: 10 }));
        return;
      }
      asked.push(body);
      const { model, stream, tools = [] } = JSON.parse(body) as Asked;
      const results = body.match(/"type":"tool_result"/g)?.length ?? 0;
      const said =
        typeof answer === "function" ? answer({ body, tools: tools.map(({ name }) => name), results }) : answer;
      if (said === null) return;
      const usage = { input_tokens: 10, output_tokens: 2 };
      const message = { id: "msg_1", type: "message", role: "assistant", model, stop_sequence: null, usage };
      const isText = typeof said === "string";
      const block = isText
        ? { type: "text", text: said }
        : { type: "tool_use", id: `toolu_${results + 1}`, name: said.tool, input: said.input };
      const stopReason = isText ? "end_turn" : "tool_use";
      if (stream !== true) {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify({ ...message, content: [block], stop_reason: stopReason }));
        return;
      }
      response.writeHead(200, { "content-type": "text/event-stream" });
      const delta = isText
        ? { type: "text_delta", text: said }
        : { type: "input_json_delta", partial_json: JSON.stringify(said.input) };
      const events = [
        { type: "message_start", message: { ...message, content: [], stop_reason: null } },
        {
          type: "content_block_start",
          index: 0,
          content_block: isText ? { type: "text", text: "" } : { ...block, input: {} },
        },
        { type: "content_block_delta", index: 0, delta },
        { type: "content_block_stop", index: 0 },
        { type: "message_delta", delta: { stop_reason: stopReason, stop_sequence: null }, usage },
        { type: "message_stop" },
      ];
      response.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    /** The bodies of all requests to the model. */
    asked,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

interface Asked {
  readonly model: string;
  readonly stream?: boolean;
  readonly tools?: readonly { readonly name: string }[];
}
