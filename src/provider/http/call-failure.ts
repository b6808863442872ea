import { failure, type Failure } from "../../run/failure.ts";
import type { Endpoint } from "./endpoint.ts";
import { networkFailure } from "./network-failure.ts";
import { BodyTooLarge } from "./node-fetch.ts";

/** The classes by which an SDK tells what went wrong. */
export interface SdkErrors<ApiError extends Error> {
  readonly APIConnectionError: abstract new (...args: never[]) => Error;
  readonly APIError: abstract new (...args: never[]) => ApiError;
}

/**
 * The failure behind whatever an SDK threw; `ofApi` reads its errors of the API. `sdk` is null when it could not even
 * be loaded. `begun`: a part of the reply had come.
 */
export function callFailure<ApiError extends Error>(
  error: unknown,
  sdk: SdkErrors<ApiError> | null,
  endpoint: Endpoint,
  begun: boolean,
  ofApi: (error: ApiError) => Failure,
): Failure {
  const { host } = endpoint;
  if (error instanceof BodyTooLarge) {
    return failure("output", "reply_too_large", `the reply of ${host} is too large: ${error.message}`);
  }
  // The SDK reads each event of the stream with JSON.parse.
  if (error instanceof SyntaxError) {
    return failure("network", "bad_response", `${host} sent a reply that cannot be read: ${error.message}`);
  }
  if (sdk !== null && error instanceof sdk.APIConnectionError) return networkFailure(error, endpoint);
  if (sdk !== null && error instanceof sdk.APIError) return ofApi(error);
  // What the connection throws while the body is read comes bare.
  if (error instanceof Error && "code" in error) return begun ? streamCut(host) : networkFailure(error, endpoint);
  return failure("internal", "provider_error", `the call to ${host} failed unexpectedly: ${String(error)}`);
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
export function notAReply({ host, addressFrom }: Endpoint): Failure {
  return failure("network", "bad_response", `${host} answered with something that is not a reply of a model`, {
    help: `check ${addressFrom}: a proxy or another service may be answering`,
  });
}

/** What of an address can never work; null = usable. */
export function unusableAddress(baseUrl: string): Failure | null {
  if (URL.canParse(baseUrl) && /^https?:$/.test(new URL(baseUrl).protocol)) return null;
  return failure("invalid", "bad_base_url", `the base URL is not an http(s) URL: ${baseUrl}`, {
    help: "write it with its scheme, e.g. https://gateway.example.com",
  });
}

/** What of a key can never work, said before a byte is sent; null = usable. */
export function unusableKey(apiKey: string, { host, keyFrom }: Endpoint): Failure | null {
  if (apiKey.trim() === "") {
    return failure("auth", "no_api_key", `there is no API key for ${host}`, { help: `set ${keyFrom}` });
  }
  // Anything else cannot be in a header.
  if (/^[\x21-\x7e]+$/.test(apiKey)) return null;
  const message = `the API key for ${host} has a character that no key has (a space, a line end?)`;
  return failure("auth", "bad_api_key", message, { help: `set ${keyFrom}, to the bare key` });
}
