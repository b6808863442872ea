import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Answer } from "../fake-model/answer.ts";
import { errorBody } from "./api-error.ts";
import { event, messageEvents, messageJson, unfinishedEvents, type FakeMessage } from "./message-stream.ts";
import { usageOf } from "./usage.ts";
import type { WireRequest } from "./wire.ts";

export interface Exchange {
  readonly request: WireRequest;
  readonly number: number;
  readonly requestId: string;
  /** System prompts that are in the prompt cache. */
  readonly cache: Set<string>;
  readonly response: ServerResponse;
}

/** Writes the answer, or does to the connection what it says. */
export function sendAnswer(answer: Answer, exchange: Exchange): void {
  const { request, response } = exchange;
  const eventStream = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
  switch (answer.kind) {
    case "reply": {
      const message = messageOf(answer.text, exchange, answer);
      if (request.stream === true) return void response.writeHead(200, eventStream).end(messageEvents(message));
      return void response.writeHead(200, { "content-type": "application/json" }).end(messageJson(message));
    }
    case "fail":
      response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
      return void response.end(errorBody(answer.type, answer.message, exchange.requestId));
    case "fail_in_stream": {
      const error = {
        type: "error",
        error: { type: answer.type, message: answer.message },
        request_id: exchange.requestId,
      };
      const begun = unfinishedEvents(messageOf(answer.text, exchange));
      return void response.writeHead(200, eventStream).end(begun + event("error", error));
    }
    case "cut": {
      const body = Buffer.from(messageEvents(messageOf(answer.text, exchange)));
      response.writeHead(200, eventStream);
      return void response.write(body.subarray(0, answer.afterBytes), () => response.destroy());
    }
    case "garble": {
      const begun = unfinishedEvents(messageOf(answer.text, exchange));
      return void response
        .writeHead(200, eventStream)
        .end(`${begun}event: content_block_delta\ndata: {"type": "conte\n\n`);
    }
    case "raw":
      return void response.writeHead(answer.status, { "content-type": answer.contentType }).end(answer.body);
    case "reset":
      return void (response.socket as Socket).resetAndDestroy();
    case "hang":
      return;
  }
}

export function messageOf(
  text: string,
  exchange: Pick<Exchange, "request" | "number" | "cache">,
  given: Partial<Pick<Extract<Answer, { kind: "reply" }>, "stopReason" | "model" | "toolCalls">> = {},
): FakeMessage {
  const { toolCalls = [] } = given;
  return {
    id: `msg_fake_${exchange.number}`,
    model: given.model ?? exchange.request.model,
    text,
    toolCalls,
    stopReason: given.stopReason ?? (toolCalls.length > 0 ? "tool_use" : "end_turn"),
    usage: usageOf(exchange.request, text, exchange.cache),
  };
}
