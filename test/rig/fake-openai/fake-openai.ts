import { defaultText } from "../fake-model/answer.ts";
import type { HeldRequest as Held } from "../fake-model/held-request.ts";
import { startFakeServer, type FakeApi, type FakeOptions, type FakeServer } from "../fake-model/server.ts";
import { errorBody } from "./api-error.ts";
import { openai, type FakeDialect } from "./dialect.ts";
import { bodyRefusal, headerRefusal, type FakeModels } from "./refusal.ts";
import { sendAnswer } from "./send-answer.ts";
import type { WireRequest } from "./wire.ts";

export type FakeOpenai = FakeServer<WireRequest>;
export type HeldRequest = Held<WireRequest>;

export interface FakeOpenaiOptions extends FakeOptions<WireRequest> {
  /** The only key that is let in; default any. */
  readonly apiKey?: string;
  /** Default: OpenAI's own. */
  readonly dialect?: FakeDialect;
  /** The models that it has; default those that tests of OpenAI need. */
  readonly models?: readonly string[];
}

const openaiModels = ["gpt-6-luna", "gpt-6.1-terra", "gpt-6.1-sol", "gpt-4o"];

/**
 * Starts a server on 127.0.0.1 that speaks OpenAI's chat completions, strictly or as servers of one's own do. Its `url`
 * is without the `/v1` of OPENAI_BASE_URL, as OLLAMA_HOST wants it.
 */
export function startFakeOpenai(options: FakeOpenaiOptions = {}): Promise<FakeOpenai> {
  const { apiKey = null, dialect = openai, models = openaiModels } = options;
  const cache = new Set<string>();
  // gpt-4o stands for the models before reasoning: a small window, and a temperature.
  const table: FakeModels = Object.fromEntries(
    models.map((name) => [
      name,
      { contextTokens: name === "gpt-4o" ? 128_000 : 1_050_000, takesTemperature: name === "gpt-4o" },
    ]),
  );
  const api: FakeApi<WireRequest> = {
    path: "/v1/chat/completions",
    requestIdHeader: "x-request-id",
    refuse: (headers, body) => headerRefusal(headers, dialect, apiKey) ?? bodyRefusal(body, dialect, table),
    errorBody,
    textOf: ({ messages }) => messages.map(({ content }) => content).join("\n"),
    modelOf: ({ model }) => model,
    defaultAnswer: ({ messages, response_format: format }) => ({
      kind: "reply",
      text: defaultText(messages.at(-1)?.content ?? "", format?.json_schema?.schema),
    }),
    send: (answer, exchange) => sendAnswer(answer, exchange, dialect, cache),
    other({ method, path, response }) {
      if (method !== "GET") return false;
      const lists: { readonly [path: string]: unknown } = {
        "/v1/models": {
          object: "list",
          data: models.map((id) => ({ id, object: "model", created: 1, owned_by: "fake" })),
        },
        ...(!dialect.needsKey && {
          "/api/tags": {
            models: models.map((name, index) => ({
              name,
              model: name,
              size: (index + 1) * 1e9,
              details: { family: "llama" },
            })),
          },
        }),
      };
      if (!Object.hasOwn(lists, path)) return false;
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(lists[path]));
      return true;
    },
    notFound: { status: 404, type: "invalid_request_error", message: "Invalid URL", code: null },
    tooLarge: { status: 413, type: "invalid_request_error", message: "Request too large" },
  };
  return startFakeServer(api, options);
}
