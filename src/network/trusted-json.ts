import { readJson, type Json } from "../util/json.ts";
import { plainUrl } from "../util/plain-url.ts";
import { err, type Result } from "../util/result.ts";

/** The largest document that is read. */
const LARGEST_BYTES = 1024 * 1024;

export interface JsonRequest {
  readonly timeoutMs: number;
  readonly headers?: { readonly [name: string]: string };
}

/**
 * A JSON document of a server that the project trusts by its URL: over TLS, or on this machine; no redirects. The error
 * is a sentence without the headers.
 */
export async function fetchJson(
  place: string,
  { timeoutMs, headers = {} }: JsonRequest,
): Promise<Result<Json, string>> {
  const url = plainUrl(place);
  if (!url.ok) return url;
  const said = `${url.value.origin}${url.value.pathname}`;
  try {
    const response = await fetch(url.value, {
      headers: { accept: "application/json", ...headers },
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) return err(`${said} answered ${response.status}`);
    const text = await textOf(response);
    if (text === null) return err(`${said} answered more than 1 MiB`);
    const value = readJson(text);
    return value.ok ? value : err(`${said} did not answer with JSON`);
  } catch (error) {
    const { name, message, cause } = error as Error;
    if (name === "TimeoutError") return err(`${said} does not answer`);
    return err(`${said} cannot be reached: ${cause instanceof Error ? cause.message : message}`);
  }
}

async function textOf(response: Response): Promise<string | null> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.byteLength;
    if (bytes > LARGEST_BYTES) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}
