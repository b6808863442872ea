import { systemClock } from "../util/clock.ts";
import { createAnthropicClient, type AnthropicOptions } from "./anthropic/client.ts";
import { growingReply } from "./anthropic/reply.ts";
import { anthropicRequest } from "./anthropic/request.ts";
import { toldWhenSent } from "./http/node-fetch.ts";
import { streamedCall } from "./http/streamed-call.ts";
import type { Provider } from "./provider.ts";

export type { AnthropicOptions };

/** Anthropic's Messages API, streamed. Constructing it is cheap: the SDK is loaded by the first call. */
export function createAnthropicProvider(options: AnthropicOptions): Provider {
  const { apiKey, clock = systemClock } = options;
  const api = createAnthropicClient(options, clock);
  const { endpoint, problem } = api;
  return {
    name: "anthropic",
    origin: "live",
    call: (request, { signal, idempotencyKey, sent }) =>
      streamedCall({
        endpoint,
        apiKey,
        signal,
        problem,
        reply: growingReply(request.model),
        async send() {
          const client = await api.open();
          const { params, headers } = anthropicRequest(request, idempotencyKey);
          return client.messages.create(params, { headers, signal, fetchOptions: toldWhenSent(sent) });
        },
        failureOf: (error, begun) => api.failureOf(error, request.model, begun),
      }),
  };
}
