import http from "node:http";
import https from "node:https";
import { failure, type Failure } from "../run/failure.ts";
import { orAborted } from "../util/or-aborted.ts";
import { err, ok, type Result } from "../util/result.ts";
import { connectionFailure } from "./connection-failure.ts";
import { checkedAddresses, pinned, type HostGuard, type Resolve } from "./resolve.ts";

/** A request to a server that nobody vouches for. */
export interface WebRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string };
  readonly body: string | null;
}

/** What came back. */
export interface WebAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface WebOptions {
  readonly guard: HostGuard;
  readonly resolve: Resolve;
  /** An abort ends it soon, with a failure that the caller replaces. */
  readonly signal: AbortSignal;
  /** The longest body that is read. */
  readonly longestBody: number;
  /** Redirects with these codes are an answer. */
  readonly wanted: readonly number[];
}

/** As browsers and curl do it, somewhat stricter. */
const MOST_REDIRECTS = 5;
const redirects: readonly number[] = [301, 302, 303, 307, 308];

/** What goes to another origin: nothing that could be a secret or name somebody. */
const harmless: readonly string[] = ["accept", "accept-language", "user-agent"];

/**
 * Sends a request and follows redirects, each hop checked anew: name and addresses by the guard, the connection made to
 * exactly these addresses, nothing through a proxy. Another origin gets no header that could be a secret and no body,
 * and https never leads to http. The failure names hosts only, never a path or a query.
 */
export async function webRequest(first: WebRequest, options: WebOptions): Promise<Result<WebAnswer, Failure>> {
  let request = first;
  for (let hop = 0; ; hop += 1) {
    const answer = await oneHop(request, options);
    if (!answer.ok) return answer;
    const { status, headers } = answer.value;
    const location = headers.get("location");
    if (!redirects.includes(status) || location === null || options.wanted.includes(status)) return answer;
    if (hop === MOST_REDIRECTS) {
      return err(
        failure("invalid", "too_many_redirects", `${request.url.host} redirects more than ${MOST_REDIRECTS} times`),
      );
    }
    const next = redirected(request, status, location);
    if (!next.ok) return next;
    request = next.value;
  }
}

function redirected(request: WebRequest, status: number, location: string): Result<WebRequest, Failure> {
  const refuse = (why: string): Result<never, Failure> =>
    err(
      failure("refused", "redirect_refused", `${request.url.host} redirects ${why}`, {
        help: "name the address that it leads to",
      }),
    );
  if (!URL.canParse(location, request.url.href)) return refuse("to something that is no address");
  const url = new URL(location, request.url.href);
  if (url.protocol !== "https:" && url.protocol !== "http:") return refuse(`to ${url.protocol}, which is not the web`);
  if (request.url.protocol === "https:" && url.protocol === "http:") return refuse(`from https to http (${url.host})`);
  url.username = "";
  url.password = "";
  const isSameOrigin = url.origin === request.url.origin;
  const losesBody = status === 303 || ((status === 301 || status === 302) && request.method === "POST");
  const method = losesBody && request.method !== "HEAD" ? "GET" : request.method;
  const body = losesBody ? null : request.body;
  if (!isSameOrigin && body !== null) return refuse(`with the body to another origin (${url.host})`);
  const headers = Object.entries(request.headers).filter(([name]) =>
    isSameOrigin ? body !== null || name !== "content-type" : harmless.includes(name),
  );
  return ok({ method, url, headers: Object.fromEntries(headers), body });
}

async function oneHop(request: WebRequest, options: WebOptions): Promise<Result<WebAnswer, Failure>> {
  const { url } = request;
  const { signal, guard, resolve } = options;
  const stopped = () => err(failure("cancelled", "cancelled", `the request to ${url.host} was stopped`));
  const addresses = await orAborted(checkedAddresses(url.hostname, guard, resolve), signal, stopped);
  if (!addresses.ok) return addresses;
  return orAborted(exchange(request, pinned(addresses.value), options), signal, stopped);
}

function exchange(
  { method, url, headers, body }: WebRequest,
  lookup: ReturnType<typeof pinned>,
  { signal, longestBody }: WebOptions,
): Promise<Result<WebAnswer, Failure>> {
  const peer = { host: url.host, dnsHelp: null, refusedHelp: "is the server running?" };
  return new Promise((settle) => {
    const fail = (error: unknown): void => settle(err(connectionFailure(error, peer)));
    const length = body === null ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const send = url.protocol === "https:" ? https.request : http.request;
    // An agent of its own: the shared one may have been told to use a proxy.
    const request = send(url, { method, headers: { ...headers, ...length }, lookup, agent: false });
    const stop = (): void => void request.destroy();
    signal.addEventListener("abort", stop, { once: true });
    request.on("close", () => signal.removeEventListener("abort", stop));
    request.on("error", fail);
    request.on("response", (incoming) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      incoming.on("error", fail);
      incoming.on("data", (chunk: Buffer) => {
        bytes += chunk.byteLength;
        chunks.push(chunk);
        if (bytes <= longestBody) return;
        settle(err(tooLarge(url.host, longestBody)));
        request.destroy();
      });
      incoming.on("end", () =>
        settle(ok({ status: incoming.statusCode ?? 0, headers: headersOf(incoming), body: Buffer.concat(chunks) })),
      );
      incoming.on("close", () => fail(new Error("the connection was closed before the end of the answer")));
    });
    request.end(body ?? undefined);
  });
}

/** The failure of an answer that is longer than may be read. */
export function tooLarge(host: string, bytes: number): Failure {
  return failure("output", "output_too_large", `the answer of ${host} is longer than ${bytes / 1024 ** 2} MiB`, {
    help: "ask for less: a page, a range, fewer fields",
  });
}

function headersOf(incoming: http.IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct))
    for (const value of values ?? []) headers.append(name, value);
  return headers;
}
