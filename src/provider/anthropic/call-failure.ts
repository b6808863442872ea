import type * as Sdk from "@anthropic-ai/sdk";
import { failure, type Failure } from "../../run/failure.ts";
import { apiFailure, type CallFacts } from "./api-failure.ts";
import { networkFailure } from "./network-failure.ts";
import { BodyTooLarge } from "./node-fetch.ts";

/** The failure behind whatever the SDK threw. `begun`: a part of the reply had come. */
export function callFailure(error: unknown, sdk: typeof Sdk | null, call: CallFacts, begun: boolean): Failure {
  if (error instanceof BodyTooLarge) {
    return failure("output", "reply_too_large", `the reply of ${call.host} is too large: ${error.message}`);
  }
  // The SDK reads each event of the stream with JSON.parse.
  if (error instanceof SyntaxError) {
    return failure("network", "bad_response", `${call.host} sent a reply that cannot be read: ${error.message}`);
  }
  if (sdk !== null && error instanceof sdk.APIConnectionError) return networkFailure(error, call.host);
  if (sdk !== null && error instanceof sdk.APIError) return apiFailure(error as Sdk.APIError, call);
  // What the connection throws while the body is read comes bare.
  if (error instanceof Error && "code" in error) return begun ? streamCut(call.host) : networkFailure(error, call.host);
  return failure("internal", "provider_error", `the call to ${call.host} failed unexpectedly: ${String(error)}`);
}

/** The signal fired. */
export function cancelled(): Failure {
  return failure("cancelled", "cancelled", "the call was cancelled");
}

/** The body ended before the message did. */
export function streamCut(host: string): Failure {
  return failure("network", "stream_cut", `the connection to ${host} broke in the middle of the reply`);
}

/** The body ended and no message had begun in it. */
export function notAReply(host: string): Failure {
  return failure("network", "bad_response", `${host} answered with something that is not a reply of a model`, {
    help: "check ANTHROPIC_BASE_URL or `base_url`: a proxy or another service may be answering",
  });
}

/** What can never work, said before a byte is sent; null = usable. */
export function unusable(apiKey: string, baseUrl: string): Failure | null {
  if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol)) {
    return failure("invalid", "bad_base_url", `the base URL is not an http(s) URL: ${baseUrl}`, {
      help: "write it with its scheme, e.g. https://gateway.example.com",
    });
  }
  const { host } = new URL(baseUrl);
  if (apiKey.trim() === "") {
    return failure("auth", "no_api_key", `there is no API key for ${host}`, {
      help: "set ANTHROPIC_API_KEY, or `api_key` of the model",
    });
  }
  // Anything else cannot be in a header.
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    return failure(
      "auth",
      "bad_api_key",
      `the API key for ${host} has a character that no key has (a space, a line end?)`,
      {
        help: "set ANTHROPIC_API_KEY, or `api_key` of the model, to the bare key",
      },
    );
  }
  return null;
}
