import type * as Sdk from "openai";
import type { ChatCompletionChunk } from "openai/resources/chat/completions";
import { systemClock, type Clock } from "../util/clock.ts";
import { callFailure, unusableAddress, unusableKey } from "./http/call-failure.ts";
import type { Endpoint } from "./http/endpoint.ts";
import { createNodeFetch, LONGEST_CALL_MS, toldWhenSent } from "./http/node-fetch.ts";
import { streamedCall } from "./http/streamed-call.ts";
import { apiFailure } from "./openai/api-failure.ts";
import { dialectOf, isOpenai, withoutRefused, type Dialect } from "./openai/dialect.ts";
import { errorBody } from "./openai/error-body.ts";
import { growingReply } from "./openai/reply.ts";
import { chatRequest } from "./openai/request.ts";
import type { CallContext, ModelRequest, Provider } from "./provider.ts";

export interface OpenaiOptions {
  /** Sent as a bearer token, and kept out of every message. null = none: OpenAI itself then refuses every call. */
  readonly apiKey: string | null;
  /** With its `/v1`. null = https://api.openai.com/v1, whatever the environment says: reading it is the caller's part. */
  readonly baseUrl: string | null;
  /** For dates in `retry-after`. Default: the machine's. */
  readonly clock?: Clock;
  /** What is different of an endpoint that speaks the same API under another name. Default: OpenAI. */
  readonly preset?: Preset;
}

export interface Preset {
  readonly name: string;
  readonly addressFrom: string;
  readonly keyFrom: string;
  readonly unreachableHelp: string | null;
  readonly unknownModelHelp: (model: string) => string;
}

const openaiPreset: Preset = {
  name: "openai",
  addressFrom: "OPENAI_BASE_URL or `base_url`",
  keyFrom: "OPENAI_API_KEY, or `api_key` of the model",
  unreachableHelp: null,
  unknownModelHelp: (model) => `check the spelling of the model \`${model}\`, and that this endpoint has it`,
};

type Opened = { readonly sdk: typeof Sdk; readonly client: Sdk.OpenAI };

/**
 * Chat completions of OpenAI or of any endpoint that speaks its API, streamed. Constructing it is cheap: the SDK is
 * loaded by the first call. What an endpoint does not take (structured output, usage in the stream) is learnt from its
 * first refusal and left out from then on, for each model.
 */
export function createOpenaiProvider(options: OpenaiOptions): Provider {
  const { apiKey, baseUrl, clock = systemClock, preset = openaiPreset } = options;
  const { name, addressFrom, keyFrom, unreachableHelp } = preset;
  const address = baseUrl ?? "https://api.openai.com/v1";
  const badAddress = unusableAddress(address);
  const host = badAddress === null ? new URL(address).host : address;
  const endpoint: Endpoint = { host, addressFrom, keyFrom, unreachableHelp };
  const needsKey = apiKey !== null || isOpenai(host);
  const problem = badAddress ?? (needsKey ? unusableKey(apiKey ?? "", endpoint) : null);
  /** By model, for those that did not take the first. */
  const dialects = new Map<string, Dialect>();
  let opened: Promise<Opened> | null = null;

  const open = async (): Promise<Opened> => {
    const sdk = await import("openai");
    const isOwn = isOpenai(host);
    const client = new sdk.OpenAI({
      apiKey: apiKey ?? "none",
      adminAPIKey: null,
      baseURL: address,
      maxRetries: 0,
      timeout: LONGEST_CALL_MS,
      fetch: createNodeFetch(errorBody),
      // It would print prompts and replies to the console.
      logLevel: "off",
      // Of no use to anybody but OpenAI, where the SDK reads them from the environment.
      ...(!isOwn && { organization: null, project: null }),
      ...(apiKey === null && { defaultHeaders: { Authorization: null } }),
    });
    return { sdk, client };
  };

  /** Sends the request in the model's dialect, and again in a plainer one when just that is refused. */
  const send = async (
    { sdk, client }: Opened,
    request: ModelRequest,
    { idempotencyKey, signal, sent, again }: CallContext,
  ): Promise<AsyncIterable<ChatCompletionChunk>> => {
    for (;;) {
      const dialect = dialects.get(request.model) ?? dialectOf(host);
      try {
        const headers = { "Idempotency-Key": idempotencyKey };
        const options = { headers, signal, fetchOptions: toldWhenSent(sent) };
        return await client.chat.completions.create(chatRequest(request, dialect), options);
      } catch (error) {
        const plainer = error instanceof sdk.APIError ? withoutRefused(dialect, error as Sdk.APIError) : null;
        if (plainer === null || signal.aborted) throw error;
        dialects.set(request.model, plainer);
        if (again !== undefined && !(await again())) throw error;
      }
    }
  };

  return {
    name,
    origin: "live",
    call(request, context) {
      const { signal } = context;
      let sdk: typeof Sdk | null = null;
      return streamedCall({
        endpoint,
        apiKey,
        signal,
        problem,
        reply: growingReply(request.model),
        async send() {
          opened ??= open();
          const known = await opened;
          sdk = known.sdk;
          return send(known, request, context);
        },
        failureOf(error, begun) {
          const unknownModelHelp = preset.unknownModelHelp(request.model);
          const facts = { model: request.model, endpoint, nowMs: clock.now(), unknownModelHelp };
          return callFailure(error, sdk, endpoint, begun, (known) => apiFailure(known, facts));
        },
      });
    },
  };
}
