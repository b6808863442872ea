import http from "node:http";
import https from "node:https";

/** Longest body that is read at once, in bytes. */
const LONGEST_WHOLE_BODY = 1024 * 1024;
/** Longest stream: 16 MiB of text in the small pieces of a stream, with room to spare. Bytes. */
const LONGEST_STREAM = 256 * 1024 * 1024;
/** Below the 5 s after which Node's own servers close an idle connection, so that we never write into a closed one. */
const IDLE_SOCKET_MS = 4000;

/** The engine owns timeouts, by the signal; an SDK's own must only be longer than any of them. */
export const LONGEST_CALL_MS = 2 ** 31 - 1;

/** What an SDK hands on to `createNodeFetch` with a request: `sent` is called when all of it has left this process. */
export function toldWhenSent(sent: (() => void) | undefined): object {
  return sent === undefined ? {} : { [SENT]: sent };
}

const SENT = "musterSent";

/** The other side sent more than any reply can have. */
export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";
}

/**
 * `fetch` over node:http with kept-alive connections, for SDKs: half the CPU time a call of the global `fetch`.
 * Does what their messages need: a text body out, a status, headers and a bounded stream of bytes back.
 * `readError` turns the body of an error into what the SDK can read. Redirects are not followed (a key must not travel), and no encoding is asked for.
 */
export function createNodeFetch(readError: (body: string) => string = (body) => body): typeof fetch {
  const agentOptions = { keepAlive: true, timeout: IDLE_SOCKET_MS };
  const plain = new http.Agent(agentOptions);
  const secure = new https.Agent(agentOptions);

  return (input, init) =>
    new Promise((resolve, reject) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const isSecure = url.protocol === "https:";
      const body = typeof init?.body === "string" ? Buffer.from(init.body) : null;
      const request = (isSecure ? https : http).request(url, {
        agent: isSecure ? secure : plain,
        method: init?.method ?? "GET",
        headers: {
          ...Object.fromEntries(init?.headers instanceof Headers ? init.headers : new Headers(init?.headers)),
          ...(body && { "content-length": body.byteLength }),
        },
      });
      let answer: http.IncomingMessage | null = null;
      // Node's own `signal` also aborts when all has been read, and in that moment nobody listens to the socket's
      // errors: the process would end. SDKs abort after each stream.
      const abort = (): void => {
        if (answer?.complete !== true) request.destroy(abortReason(init?.signal));
      };
      init?.signal?.addEventListener("abort", abort, { once: true });
      request.on("close", () => init?.signal?.removeEventListener("abort", abort));
      request.on("error", reject);
      const sent = (init as { readonly [SENT]?: () => void } | undefined)?.[SENT];
      if (sent !== undefined) request.on("finish", sent);
      request.on("response", (incoming) => {
        answer = incoming;
        resolve(responseOf(incoming, url, readError));
      });
      if (init?.signal?.aborted === true) abort();
      request.end(body ?? undefined);
    });
}

function abortReason(signal: AbortSignal | null | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new DOMException("the call was aborted", "AbortError");
}

/** The parts of a `Response` that an SDK reads; a real one would put web streams between, which cost most. */
function responseOf(incoming: http.IncomingMessage, url: URL, readError: (body: string) => string): Response {
  // Whoever reads the body hears of its errors; one that comes when nobody reads any more must not end the process.
  incoming.on("error", () => {});
  const status = incoming.statusCode ?? 0;
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const response = {
    status,
    ok: status >= 200 && status < 300,
    url: url.href,
    headers,
    body: bounded(incoming, LONGEST_STREAM),
    json: async () => JSON.parse(await textOf(incoming)) as unknown,
    text: async () => (status < 400 ? await textOf(incoming) : readError(await textOf(incoming))),
  };
  return response as unknown as Response;
}

async function* bounded(incoming: http.IncomingMessage, longest: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > longest) throw new BodyTooLarge(`more than ${longest} bytes`);
    yield chunk;
  }
}

/** The start of a body that is no stream: enough for the message of an error, or a page of a list, whatever is sent. */
async function textOf(incoming: http.IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > LONGEST_WHOLE_BODY) break;
  }
  return Buffer.concat(chunks).subarray(0, LONGEST_WHOLE_BODY).toString("utf8");
}
