import type { FakeRequest as Request } from "../fake-model/fake-request.ts";
import type { HeldRequest as Held } from "../fake-model/held-request.ts";
import { startFakeServer, type FakeApi, type FakeOptions, type FakeServer } from "../fake-model/server.ts";
import { defaultAnswer } from "./answer.ts";
import { FakeBatches } from "./batches.ts";
import { errorBody } from "./api-error.ts";
import { bodyRefusal, headerRefusal } from "./refusal.ts";
import { sendAnswer } from "./send-answer.ts";
import { inputTokens } from "./usage.ts";
import { textOf, type WireRequest } from "./wire.ts";

export type { Answer } from "../fake-model/answer.ts";
export interface FakeAnthropic extends FakeServer<WireRequest> {
  readonly batches: FakeBatches;
}
export type FakeRequest = Request<WireRequest>;
export type HeldRequest = Held<WireRequest>;

export interface FakeAnthropicOptions extends FakeOptions<WireRequest> {
  /** The only key that is let in; default any. */
  readonly apiKey?: string;
}

/** Starts a server on 127.0.0.1 that speaks Anthropic's Messages API. Its `url` is for ANTHROPIC_BASE_URL. */
export async function startFakeAnthropic(options: FakeAnthropicOptions = {}): Promise<FakeAnthropic> {
  const { apiKey = null } = options;
  const cache = new Set<string>();
  const batches = new FakeBatches(apiKey, cache);
  const api: FakeApi<WireRequest> = {
    path: "/v1/messages",
    requestIdHeader: "request-id",
    refuse: (headers, body) =>
      headerRefusal(headers, apiKey) ?? bodyRefusal(body, "create", String(headers["anthropic-version"])),
    errorBody: ({ type, message }, requestId) => errorBody(type, message, requestId),
    textOf: ({ system, messages }) =>
      [textOf(system), ...messages.map((message) => textOf(message.content))].join("\n"),
    modelOf: ({ model }) => model,
    defaultAnswer,
    send: (answer, exchange) => sendAnswer(answer, { ...exchange, cache }),
    other(exchange) {
      if (batches.handle(exchange)) return true;
      const { method, path, headers, body, response, refuse } = exchange;
      if (path !== "/v1/messages/count_tokens" || method !== "POST") return false;
      const problem =
        headerRefusal(headers, apiKey) ?? bodyRefusal(body, "count", String(headers["anthropic-version"]));
      if (problem !== null) refuse(problem);
      else {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify({ input_tokens: inputTokens(body as WireRequest) }));
      }
      return true;
    },
    notFound: { status: 404, type: "not_found_error", message: "Not found" },
    tooLarge: { status: 413, type: "request_too_large", message: "Request exceeds the maximum size" },
  };
  return Object.assign(await startFakeServer(api, options), { batches });
}
