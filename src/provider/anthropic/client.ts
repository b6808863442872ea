import type * as Sdk from "@anthropic-ai/sdk";
import type { Failure } from "../../run/failure.ts";
import type { Clock } from "../../util/clock.ts";
import { callFailure, unusableAddress, unusableKey } from "../http/call-failure.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { createNodeFetch, LONGEST_CALL_MS } from "../http/node-fetch.ts";
import { apiFailure } from "./api-failure.ts";

export interface AnthropicOptions {
  /** Sent as a bearer token, and kept out of every message. */
  readonly apiKey: string;
  /** null = https://api.anthropic.com, whatever the environment says: reading ANTHROPIC_BASE_URL is the caller's part. */
  readonly baseUrl: string | null;
  /** For dates in `retry-after`, and for waiting. Default: the machine's. */
  readonly clock?: Clock;
}

/** A key and an address of Anthropic's API, and its SDK once it is needed. */
export interface AnthropicClient {
  readonly endpoint: Endpoint;
  /** What can never work, known before anything is sent; null = nothing. */
  readonly problem: Failure | null;
  /** Loads the SDK at the first call. */
  open(): Promise<Sdk.Anthropic>;
  /** The failure behind whatever the SDK threw. `begun`: a part of the reply had come. */
  failureOf(error: unknown, model: string, begun: boolean): Failure;
}

/** Constructing it is cheap. */
export function createAnthropicClient({ apiKey, baseUrl }: AnthropicOptions, clock: Clock): AnthropicClient {
  const address = baseUrl ?? "https://api.anthropic.com";
  const badAddress = unusableAddress(address);
  const endpoint: Endpoint = {
    host: badAddress === null ? new URL(address).host : address,
    addressFrom: "ANTHROPIC_BASE_URL or `base_url`",
    keyFrom: "ANTHROPIC_API_KEY, or `api_key` of the model",
    unreachableHelp: null,
  };
  let sdk: typeof Sdk | null = null;
  let opened: Promise<Sdk.Anthropic> | null = null;
  const load = async (): Promise<Sdk.Anthropic> => {
    sdk = await import("@anthropic-ai/sdk");
    return new sdk.Anthropic({
      apiKey,
      baseURL: address,
      maxRetries: 0,
      timeout: LONGEST_CALL_MS,
      fetch: createNodeFetch(),
      // It would print prompts and replies to the console.
      logLevel: "off",
    });
  };
  return {
    endpoint,
    problem: badAddress ?? unusableKey(apiKey, endpoint),
    open: () => (opened ??= load()),
    failureOf(error, model, begun) {
      const facts = { model, host: endpoint.host, nowMs: clock.now() };
      return callFailure(error, sdk, endpoint, begun, (known) => apiFailure(known, facts));
    },
  };
}
