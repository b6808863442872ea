import http from "node:http";
import type { AddressInfo } from "node:net";
import type { Answer } from "./answer.ts";
import type { ApiError } from "./api-error.ts";
import type { FakeRequest } from "./fake-request.ts";
import { HeldRequest } from "./held-request.ts";

/** Which requests: those whose text contains a string or fits a pattern, or that a function picks. */
export type Matcher<Body> = string | RegExp | ((request: FakeRequest<Body>) => boolean);

/** Gives the answer to a request; a string is the text of a reply. */
export type Responder<Body> = (request: FakeRequest<Body>) => Answer | string | Promise<Answer | string>;

export interface FakeOptions<Body> {
  /** What becomes of a request that nobody waits for: a default reply (`auto`), it waits (`held`), or a function's. */
  readonly answers?: "auto" | "held" | Responder<Body>;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 32 MB. */
  readonly maxBodyBytes?: number;
}

/** What is particular to one API. */
export interface FakeApi<Body> {
  /** Where calls of models go, by POST. */
  readonly path: string;
  /** The header that carries the number of the request. */
  readonly requestIdHeader: string;
  /** What is wrong with a call, as the real API says it; null = nothing, and the body is a `Body`. */
  refuse(headers: http.IncomingHttpHeaders, body: unknown): ApiError | null;
  errorBody(error: ApiError, requestId: string): string;
  /** Everything that was said to the model, for matching. */
  textOf(body: Body): string;
  modelOf(body: Body): string;
  defaultAnswer(body: Body): Answer;
  send(answer: Answer, exchange: Exchange<Body>): void;
  /** Answers other paths; false = there is nothing, which becomes a 404. */
  other?(exchange: OtherExchange): boolean;
  readonly notFound: ApiError;
  readonly tooLarge: ApiError;
}

export interface Exchange<Body> {
  readonly request: Body;
  readonly number: number;
  readonly requestId: string;
  readonly response: http.ServerResponse;
}

export interface OtherExchange {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: unknown;
  readonly response: http.ServerResponse;
  refuse(error: ApiError): void;
  /** Answers a call that came as a part of something larger: it counts as a request, and rules answer it. */
  ask(body: unknown): Promise<Answer>;
}

/** A server that stands in for models. */
export interface FakeServer<Body> {
  readonly url: string;
  /** Every request that was let pass, in order. A refused one is in `refusals`. */
  readonly requests: readonly FakeRequest<Body>[];
  /** Every error that the fake answered of its own accord: none means that the client spoke the API well. */
  readonly refusals: readonly ApiError[];
  /** Requests let pass and not yet answered to the end, now. */
  readonly inFlight: number;
  /** The most that were ever in flight at once. */
  readonly mostInFlight: number;
  /** How many requests there were, all or those that match. */
  count(matcher?: Matcher<Body>): number;
  /** How many requests asked this model. */
  countOfModel(model: string): number;
  /** From now on answers matching requests so; the newest rule wins. Returns a function that removes it. */
  on(matcher: Matcher<Body>, responder: Responder<Body> | Answer | string): () => void;
  /** The next request that matches and that nobody has yet, held until the test answers it. */
  nextRequest(matcher?: Matcher<Body>): Promise<HeldRequest<Body>>;
  /** Ends the server and every connection. */
  close(): Promise<void>;
}

/** Starts a server on 127.0.0.1 that speaks an API of models, refuses what the real one refuses, and counts. */
export async function startFakeServer<Body>(api: FakeApi<Body>, options: FakeOptions<Body>): Promise<FakeServer<Body>> {
  const { answers = "auto", maxBodyBytes = 32_000_000 } = options;
  const requests: FakeRequest<Body>[] = [];
  const refusals: ApiError[] = [];
  const rules: { readonly matcher: Matcher<Body>; readonly responder: Responder<Body> }[] = [];
  const waiting: { readonly matcher: Matcher<Body>; readonly take: (held: HeldRequest<Body>) => void }[] = [];
  const held: HeldRequest<Body>[] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  let replies = 0;

  const answerFor = (request: FakeRequest<Body>, heldRequest: HeldRequest<Body>): Promise<Answer | string> => {
    const waiter = waiting.findIndex(({ matcher }) => matches(matcher, request));
    if (waiter >= 0) {
      waiting.splice(waiter, 1)[0]?.take(heldRequest);
      return heldRequest.answer;
    }
    const rule = rules.findLast(({ matcher }) => matches(matcher, request));
    if (rule !== undefined) return Promise.resolve(rule.responder(request));
    if (typeof answers === "function") return Promise.resolve(answers(request));
    if (answers === "auto") return Promise.resolve(api.defaultAnswer(request.body));
    held.push(heldRequest);
    return heldRequest.answer;
  };

  const handle = async (incoming: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const requestId = `req_fake_${(replies += 1)}`;
    response.setHeader(api.requestIdHeader, requestId);
    const refuse = (error: ApiError): void => {
      refusals.push(error);
      response.writeHead(error.status, { "content-type": "application/json", ...error.headers });
      response.end(api.errorBody(error, requestId));
    };

    const { headers, method = "GET" } = incoming;
    const path = new URL(incoming.url ?? "/", "http://fake").pathname;
    const bytes = await readBody(incoming, maxBodyBytes);
    if (bytes === null) return refuse(api.tooLarge);
    const body = parse(bytes);
    if (path !== api.path) {
      const ask = async (part: unknown): Promise<Answer> => {
        const one = part as Body;
        const request = { number: requests.length + 1, headers, body: one, text: api.textOf(one) };
        requests.push(request);
        const answer = await answerFor(request, new HeldRequest(request));
        return typeof answer === "string" ? { kind: "reply", text: answer } : answer;
      };
      if (api.other?.({ method, path, headers, body, response, refuse, ask }) !== true) refuse(api.notFound);
      return;
    }
    if (method !== "POST") {
      return refuse({ status: 405, type: "invalid_request_error", message: "Method Not Allowed" });
    }
    const problem = api.refuse(headers, body);
    if (problem !== null) return refuse(problem);

    const wire = body as Body;
    const request = { number: requests.length + 1, headers, body: wire, text: api.textOf(wire) };
    requests.push(request);
    inFlight += 1;
    mostInFlight = Math.max(mostInFlight, inFlight);
    const heldRequest = new HeldRequest(request);
    response.once("close", () => {
      inFlight -= 1;
      heldRequest.markClosed();
    });
    const answer = await answerFor(request, heldRequest);
    const given = typeof answer === "string" ? { kind: "reply" as const, text: answer } : answer;
    api.send(given, { request: wire, number: request.number, requestId, response });
  };

  const server = http.createServer((incoming, response) => {
    // A fault of the fake or of a test's responder must be seen, not hang.
    handle(incoming, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { "content-type": "application/json" });
      response.end(api.errorBody({ status: 500, type: "api_error", message: `fake: ${String(error)}` }, "req_fake"));
    });
  });
  // Tests open connections and leave them; nothing may be closed under a client's feet.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    refusals,
    get inFlight() {
      return inFlight;
    },
    get mostInFlight() {
      return mostInFlight;
    },
    count: (matcher) =>
      matcher === undefined ? requests.length : requests.filter((one) => matches(matcher, one)).length,
    countOfModel: (model) => requests.filter(({ body }) => api.modelOf(body) === model).length,
    on(matcher, responder) {
      const rule = { matcher, responder: typeof responder === "function" ? responder : () => responder };
      rules.push(rule);
      return () => void rules.splice(rules.indexOf(rule), 1);
    },
    nextRequest(matcher = () => true) {
      const index = held.findIndex(({ request }) => matches(matcher, request));
      const found = index >= 0 ? held.splice(index, 1)[0] : undefined;
      return found ? Promise.resolve(found) : new Promise((take) => waiting.push({ matcher, take }));
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function matches<Body>(matcher: Matcher<Body>, request: FakeRequest<Body>): boolean {
  if (typeof matcher === "function") return matcher(request);
  return typeof matcher === "string" ? request.text.includes(matcher) : matcher.test(request.text);
}

/** The body, or null when it is larger than allowed (it is read to its end, so that the client hears the answer). */
async function readBody(incoming: http.IncomingMessage, most: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size <= most) chunks.push(chunk);
  }
  return size <= most ? Buffer.concat(chunks) : null;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch {
    return null;
  }
}
