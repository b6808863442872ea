import type * as Sdk from "@anthropic-ai/sdk";
import { systemClock, type Clock } from "../util/clock.ts";
import { apiFailure } from "./anthropic/api-failure.ts";
import { growingReply } from "./anthropic/reply.ts";
import { anthropicRequest } from "./anthropic/request.ts";
import { callFailure, unusableAddress, unusableKey } from "./http/call-failure.ts";
import type { Endpoint } from "./http/endpoint.ts";
import { createNodeFetch, LONGEST_CALL_MS } from "./http/node-fetch.ts";
import { streamedCall } from "./http/streamed-call.ts";
import type { Provider } from "./provider.ts";

export interface AnthropicOptions {
  /** Sent as a bearer token, and kept out of every message. */
  readonly apiKey: string;
  /** null = https://api.anthropic.com, whatever the environment says: reading ANTHROPIC_BASE_URL is the caller's part. */
  readonly baseUrl: string | null;
  /** For dates in `retry-after`. Default: the machine's. */
  readonly clock?: Clock;
}

/** Anthropic's Messages API, streamed. Constructing it is cheap: the SDK is loaded by the first call. */
export function createAnthropicProvider(options: AnthropicOptions): Provider {
  const { apiKey, baseUrl, clock = systemClock } = options;
  const address = baseUrl ?? "https://api.anthropic.com";
  const badAddress = unusableAddress(address);
  const endpoint: Endpoint = {
    host: badAddress === null ? new URL(address).host : address,
    addressFrom: "ANTHROPIC_BASE_URL or `base_url`",
    keyFrom: "ANTHROPIC_API_KEY, or `api_key` of the model",
    unreachableHelp: null,
  };
  const problem = badAddress ?? unusableKey(apiKey, endpoint);
  let opened: Promise<{ readonly sdk: typeof Sdk; readonly client: Sdk.Anthropic }> | null = null;

  const open = async (): Promise<{ readonly sdk: typeof Sdk; readonly client: Sdk.Anthropic }> => {
    const sdk = await import("@anthropic-ai/sdk");
    const client = new sdk.Anthropic({
      apiKey,
      baseURL: address,
      maxRetries: 0,
      timeout: LONGEST_CALL_MS,
      fetch: createNodeFetch(),
      // It would print prompts and replies to the console.
      logLevel: "off",
    });
    return { sdk, client };
  };

  return {
    name: "anthropic",
    origin: "live",
    call(request, { signal, idempotencyKey }) {
      let sdk: typeof Sdk | null = null;
      return streamedCall({
        endpoint,
        apiKey,
        signal,
        problem,
        reply: growingReply(request.model),
        async send() {
          opened ??= open();
          const { sdk: loaded, client } = await opened;
          sdk = loaded;
          const { params, headers } = anthropicRequest(request, idempotencyKey);
          return client.messages.create(params, { headers, signal });
        },
        failureOf(error, begun) {
          const facts = { model: request.model, host: endpoint.host, nowMs: clock.now() };
          return callFailure(error, sdk, endpoint, begun, (known) => apiFailure(known, facts));
        },
      });
    },
  };
}
