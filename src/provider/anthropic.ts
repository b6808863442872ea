import type { Anthropic } from "@anthropic-ai/sdk";
import { systemClock, type Clock } from "../util/clock.ts";
import { failure, type Failure } from "../run/failure.ts";
import { apiFailure, type CallFacts } from "./anthropic/api-failure.ts";
import { networkFailure } from "./anthropic/network-failure.ts";
import { BodyTooLarge, createNodeFetch } from "./anthropic/node-fetch.ts";
import { growingReply, LONGEST_REPLY, type GrowingReply } from "./anthropic/reply.ts";
import { anthropicRequest } from "./anthropic/request.ts";
import type { CallContext, ModelEvent, ModelRequest, Provider } from "./provider.ts";

export interface AnthropicOptions {
  /** Sent as a bearer token, and kept out of every message. */
  readonly apiKey: string;
  /** null = https://api.anthropic.com, whatever the environment says: reading ANTHROPIC_BASE_URL is the caller's part. */
  readonly baseUrl: string | null;
  /** For dates in `retry-after`. Default: the machine's. */
  readonly clock?: Clock;
}

/** The engine owns timeouts, by the signal; the SDK's own must only be longer than any of them. */
const LONGEST_CALL_MS = 2 ** 31 - 1;
/** How much of a broken reply a failure keeps, in UTF-16 units. */
const LONGEST_PARTIAL = 64 * 1024;

type Sdk = typeof import("@anthropic-ai/sdk");

/** Anthropic's Messages API, streamed. Constructing it is cheap: the SDK is loaded by the first call. */
export function createAnthropicProvider(options: AnthropicOptions): Provider {
  const { apiKey, clock = systemClock } = options;
  const host = hostOf(options.baseUrl ?? "https://api.anthropic.com");
  let opened: Promise<{ readonly sdk: Sdk; readonly client: Anthropic }> | null = null;

  const open = async (): Promise<{ readonly sdk: Sdk; readonly client: Anthropic }> => {
    const sdk = await import("@anthropic-ai/sdk");
    const client = new sdk.Anthropic({
      apiKey,
      baseURL: options.baseUrl,
      maxRetries: 0,
      timeout: LONGEST_CALL_MS,
      fetch: createNodeFetch(),
      // It would print prompts and replies to the console.
      logLevel: "off",
    });
    return { sdk, client };
  };

  async function* call(request: ModelRequest, context: CallContext): AsyncGenerator<ModelEvent> {
    const reply = growingReply(request.model);
    const failed = (problem: Failure): ModelEvent => ({
      type: "failed",
      failure: {
        ...problem,
        message: apiKey === "" ? problem.message : problem.message.replaceAll(apiKey, "***"),
        partial: reply.length > 0 ? reply.text.slice(0, LONGEST_PARTIAL) : null,
      },
      usage: reply.usage,
    });

    const unusable = unusableOptions(apiKey, host, options.baseUrl);
    if (unusable !== null) return yield failed(unusable);
    if (context.signal.aborted) return yield failed(cancelled());

    let sdk: Sdk | null = null;
    try {
      opened ??= open();
      const { sdk: loaded, client } = await opened;
      sdk = loaded;
      const { params, headers } = anthropicRequest(request, context.idempotencyKey);
      const events = await client.messages.create(params, { headers, signal: context.signal });
      for await (const event of events) {
        const text = reply.accept(event);
        if (reply.length > LONGEST_REPLY) throw new BodyTooLarge(`more than ${LONGEST_REPLY} characters of text`);
        if (text !== "") yield { type: "text", text };
      }
    } catch (error) {
      // A reply that is complete was paid for: what happens to its connection afterwards does not matter.
      if (!reply.complete) {
        const facts = { model: request.model, host: host ?? "", nowMs: clock.now() };
        return yield failed(context.signal.aborted ? cancelled() : failureOf(error, reply, sdk, facts));
      }
    }
    if (reply.complete) yield { type: "done", reply: reply.finish() };
    // An aborted stream just ends.
    else if (context.signal.aborted) yield failed(cancelled());
    else yield failed(reply.begun ? cut(host ?? "") : notAReply(host ?? ""));
  }

  return { name: "anthropic", origin: "live", call };
}

function failureOf(error: unknown, reply: GrowingReply, sdk: Sdk | null, call: CallFacts): Failure {
  if (error instanceof BodyTooLarge) {
    return failure("output", "reply_too_large", `the reply of ${call.host} is too large: ${error.message}`);
  }
  // The SDK parses each event of the stream as JSON.
  if (error instanceof SyntaxError) return badResponse(call.host, error.message);
  if (sdk !== null && error instanceof sdk.APIConnectionError) return networkFailure(error, call.host);
  if (sdk !== null && error instanceof sdk.APIError) return apiFailure(error, call);
  if (error instanceof Error && "code" in error) return reply.begun ? cut(call.host) : networkFailure(error, call.host);
  return failure("internal", "provider_error", `the call to ${call.host} failed unexpectedly: ${String(error)}`);
}

function cancelled(): Failure {
  return failure("cancelled", "cancelled", "the call was cancelled");
}

function cut(host: string): Failure {
  return failure("network", "stream_cut", `the connection to ${host} broke in the middle of the reply`);
}

function badResponse(host: string, why: string): Failure {
  return failure("network", "bad_response", `${host} sent a reply that cannot be read: ${why}`);
}

function notAReply(host: string): Failure {
  return failure("network", "bad_response", `${host} answered with something that is not a reply of a model`, {
    help: "check ANTHROPIC_BASE_URL or `base_url`: a proxy or another service may be answering",
  });
}

/** What can never work, said before a byte is sent; null = usable. */
function unusableOptions(apiKey: string, host: string | null, baseUrl: string | null): Failure | null {
  if (host === null) {
    return failure("invalid", "bad_base_url", `the base URL is not an http(s) URL: ${baseUrl}`, {
      help: "write it with its scheme, e.g. https://gateway.example.com",
    });
  }
  if (apiKey.trim() === "") {
    return failure("auth", "no_api_key", `there is no API key for ${host}`, {
      help: "set ANTHROPIC_API_KEY, or `api_key` of the model",
    });
  }
  // Anything else cannot be in a header.
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    return failure("auth", "bad_api_key", `the API key for ${host} has a character that no key has (a space, a line end?)`, {
      help: "set ANTHROPIC_API_KEY to the bare key",
    });
  }
  return null;
}

/** Host and port of an http(s) URL; null when it is none. */
function hostOf(baseUrl: string): string | null {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  return url !== null && /^https?:$/.test(url.protocol) ? url.host : null;
}
