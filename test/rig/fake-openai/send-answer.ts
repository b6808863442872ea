import type { Socket } from "node:net";
import { jsonOf, type Answer } from "../fake-model/answer.ts";
import type { Exchange } from "../fake-model/server.ts";
import { errorBody } from "./api-error.ts";
import type { FakeDialect } from "./dialect.ts";
import { promptTokens, tokensOf } from "./refusal.ts";
import type { WireRequest } from "./wire.ts";

/** Writes the answer, or does to the connection what it says. `cache` holds the instructions that were seen. */
export function sendAnswer(
  answer: Answer,
  exchange: Exchange<WireRequest>,
  dialect: FakeDialect,
  cache: Set<string>,
): void {
  const { response, request } = exchange;
  const eventStream = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
  switch (answer.kind) {
    case "reply": {
      if (request.stream !== true) throw new Error("this fake only streams");
      const usage =
        dialect.usage && request.stream_options?.include_usage === true ? usageOf(request, answer.text, cache) : null;
      const end = [
        ...callChunks(exchange, answer),
        chunk(exchange, answer, {}, answer.stopReason ?? (answer.toolCalls === undefined ? "stop" : "tool_calls")),
        ...(usage === null ? [] : [usageChunk(exchange, answer, usage)]),
      ];
      response.writeHead(200, eventStream);
      return void response.end([...textChunks(exchange, answer), ...end, "data: [DONE]\n\n"].join(""));
    }
    case "fail":
      response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
      return void response.end(errorBody(answer));
    case "fail_in_stream":
      response.writeHead(200, eventStream);
      return void response.end(
        `${textChunks(exchange, answer).join("")}data: ${errorBody({ ...answer, status: 200 })}\n\n`,
      );
    case "cut": {
      const body = Buffer.from(textChunks(exchange, answer).join(""));
      response.writeHead(200, eventStream);
      return void response.write(body.subarray(0, answer.afterBytes), () => response.destroy());
    }
    case "garble":
      return void response
        .writeHead(200, eventStream)
        .end(`${textChunks(exchange, answer).join("")}data: {"choices": [{"del\n\n`);
    case "raw":
      return void response.writeHead(answer.status, { "content-type": answer.contentType }).end(answer.body);
    case "reset":
      return void (response.socket as Socket).resetAndDestroy();
    case "hang":
      return;
  }
}

type Said = { readonly text: string; readonly model?: string };

function textChunks(exchange: Exchange<WireRequest>, answer: Said): string[] {
  const { text } = answer;
  const size = Math.max(16, Math.ceil(text.length / 16));
  const chunks = [chunk(exchange, answer, { role: "assistant", content: "", refusal: null }, null)];
  for (let start = 0; start < text.length; start += size) {
    chunks.push(chunk(exchange, answer, { content: text.slice(start, start + size) }, null));
  }
  return chunks;
}

/** As the API streams them: the id and the name first, then the arguments in pieces. */
function callChunks(exchange: Exchange<WireRequest>, answer: Extract<Answer, { kind: "reply" }>): string[] {
  return (answer.toolCalls ?? []).flatMap((call, index) => {
    const json = jsonOf(call);
    const half = Math.ceil(json.length / 2);
    const named = { id: call.id, type: "function", function: { name: call.name, arguments: "" } };
    const parts = [
      named,
      ...[json.slice(0, half), json.slice(half)].map((piece) => ({ function: { arguments: piece } })),
    ];
    return parts.map((part) => chunk(exchange, answer, { tool_calls: [{ index, ...part }] }, null));
  });
}

function chunk(exchange: Exchange<WireRequest>, said: Said, delta: unknown, finishReason: string | null): string {
  return event(exchange, said, { choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }] });
}

function usageChunk(exchange: Exchange<WireRequest>, said: Said, usage: unknown): string {
  return event(exchange, said, { choices: [], usage });
}

function event({ number, request }: Exchange<WireRequest>, said: Said, more: object): string {
  const model = said.model ?? request.model;
  const data = {
    id: `chatcmpl-fake-${number}`,
    object: "chat.completion.chunk",
    created: 1_790_000_000,
    model,
    ...more,
  };
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** Instructions that were seen before come from the cache. (The real API caches only long prompts; the fake any.) */
function usageOf(request: WireRequest, output: string, cache: Set<string>): unknown {
  const system = request.messages.find(({ role }) => role === "system")?.content ?? "";
  const key = `${request.model}\n${system}`;
  const cached = cache.has(key) ? tokensOf(system) : 0;
  cache.add(key);
  const prompt = promptTokens(request);
  const completion = tokensOf(output);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
  };
}
