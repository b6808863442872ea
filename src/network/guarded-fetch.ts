import http from "node:http";
import https from "node:https";
import { Readable } from "node:stream";
import { checkedAddresses, pinned, type HostGuard, type Resolve } from "./resolve.ts";

/** The longest answer, in bytes. */
const LONGEST_ANSWER = 32 * 1024 * 1024;

/**
 * `fetch` for libraries that talk to one server that nobody vouches for: to this origin alone, name and addresses checked
 * by the guard, the connection made to exactly these addresses. Takes text bodies, gives streams of at most 32 MiB, and
 * follows no redirect.
 */
export function createGuardedFetch(origin: string, guard: HostGuard, resolve: Resolve): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== origin) throw new Error(`it leads to ${url.host}, which is another server`);
    const addresses = await checkedAddresses(url.hostname, guard, resolve);
    if (!addresses.ok) throw new Error(addresses.error.message);
    const body = typeof init?.body === "string" ? Buffer.from(init.body) : null;
    const headers = {
      ...Object.fromEntries(new Headers(init?.headers)),
      ...(body === null ? {} : { "content-length": String(body.byteLength) }),
    };
    const lookup = pinned(addresses.value);
    return new Promise<Response>((settle, reject) => {
      const send = url.protocol === "https:" ? https.request : http.request;
      const request = send(url, { method: init?.method ?? "GET", headers, lookup, agent: false });
      const abort = (): void => void request.destroy(new DOMException("the request was stopped", "AbortError"));
      init?.signal?.addEventListener("abort", abort, { once: true });
      request.on("close", () => init?.signal?.removeEventListener("abort", abort));
      request.on("error", reject);
      request.on("response", (incoming) => settle(responseOf(incoming)));
      if (init?.signal?.aborted === true) abort();
      request.end(body ?? undefined);
    });
  };
}

function responseOf(incoming: http.IncomingMessage): Response {
  // Whoever reads the body hears of its errors; one that comes when nobody reads any more must not end the process.
  incoming.on("error", () => {});
  const status = incoming.statusCode ?? 500;
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct))
    for (const value of values ?? []) headers.append(name, value);
  const isEmpty = status === 204 || status === 205 || status === 304;
  if (isEmpty) incoming.resume();
  const body = isEmpty ? null : (Readable.toWeb(Readable.from(bounded(incoming))) as ReadableStream<Uint8Array>);
  return new Response(body, { status, headers });
}

async function* bounded(incoming: http.IncomingMessage): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > LONGEST_ANSWER) throw new Error(`the answer is longer than ${LONGEST_ANSWER / 1024 ** 2} MiB`);
    yield chunk;
  }
}
