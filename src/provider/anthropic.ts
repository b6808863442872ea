import type * as Sdk from "@anthropic-ai/sdk";
import { systemClock, type Clock } from "../util/clock.ts";
import type { Failure } from "../run/failure.ts";
import { callFailure, cancelled, notAReply, streamCut, unusable } from "./anthropic/call-failure.ts";
import { BodyTooLarge, createNodeFetch } from "./anthropic/node-fetch.ts";
import { growingReply, LONGEST_REPLY } from "./anthropic/reply.ts";
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

/** Anthropic's Messages API, streamed. Constructing it is cheap: the SDK is loaded by the first call. */
export function createAnthropicProvider(options: AnthropicOptions): Provider {
  const { apiKey, baseUrl, clock = systemClock } = options;
  const address = baseUrl ?? "https://api.anthropic.com";
  const problem = unusable(apiKey, address);
  const host = problem === null ? new URL(address).host : address;
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

  async function* call(request: ModelRequest, context: CallContext): AsyncGenerator<ModelEvent, void> {
    const reply = growingReply(request.model);
    const failed = (failure: Failure): ModelEvent => ({
      type: "failed",
      failure: {
        ...failure,
        message: problem === null ? failure.message.replaceAll(apiKey, "***") : failure.message,
        partial: reply.length > 0 ? reply.text.slice(0, LONGEST_PARTIAL) : null,
      },
      usage: reply.usage,
    });

    if (problem !== null || context.signal.aborted) {
      yield failed(problem ?? cancelled());
      return;
    }
    let sdk: typeof Sdk | null = null;
    let thrown: { readonly error: unknown } | null = null;
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
      thrown = { error };
    }
    // A complete reply was paid for: what became of its connection afterwards does not matter.
    if (reply.complete) yield { type: "done", reply: reply.finish() };
    // After an abort the SDK throws, or just ends the stream.
    else if (context.signal.aborted) yield failed(cancelled());
    else if (thrown !== null) {
      const facts = { model: request.model, host, nowMs: clock.now() };
      yield failed(callFailure(thrown.error, sdk, facts, reply.begun));
    } else yield failed(reply.begun ? streamCut(host) : notAReply(host));
  }

  return { name: "anthropic", origin: "live", call };
}
