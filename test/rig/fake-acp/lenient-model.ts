import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** Anthropic's API for a coding agent, which asks it for more than ours does: any request is answered with the text. */
export async function startLenientModel(text: string) {
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
      const { model, stream } = JSON.parse(body) as { readonly model: string; readonly stream?: boolean };
      const usage = { input_tokens: 10, output_tokens: 2 };
      const message = { id: "msg_1", type: "message", role: "assistant", model, stop_sequence: null, usage };
      if (stream !== true) {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify({ ...message, content: [{ type: "text", text }], stop_reason: "end_turn" }));
        return;
      }
      response.writeHead(200, { "content-type": "text/event-stream" });
      const events = [
        { type: "message_start", message: { ...message, content: [], stop_reason: null } },
        { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
        { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } },
        { type: "content_block_stop", index: 0 },
        { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage },
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
