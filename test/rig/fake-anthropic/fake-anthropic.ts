import http from "node:http";
import type { AddressInfo } from "node:net";
import { errorBody, type ApiError } from "./api-error.ts";
import { defaultAnswer, type Answer } from "./answer.ts";
import type { FakeRequest } from "./fake-request.ts";
import { HeldRequest } from "./held-request.ts";
import { bodyRefusal, headerRefusal } from "./refusal.ts";
import { sendAnswer } from "./send-answer.ts";
import { inputTokens } from "./usage.ts";
import { textOf, type WireRequest } from "./wire.ts";

export type { Answer } from "./answer.ts";
export type { FakeRequest } from "./fake-request.ts";
export type { HeldRequest } from "./held-request.ts";

/** Which requests: those whose text contains a string or fits a pattern, or that a function picks. */
export type Matcher = string | RegExp | ((request: FakeRequest) => boolean);

/** Gives the answer to a request; a string is the text of a reply. */
export type Responder = (request: FakeRequest) => Answer | string | Promise<Answer | string>;

export interface FakeAnthropicOptions {
  /** What becomes of a request that nobody waits for: a default reply (`auto`), it waits (`held`), or a function's. */
  readonly answers?: "auto" | "held" | Responder;
  /** The only key that is let in; default any. */
  readonly apiKey?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 32 MB, the API's. */
  readonly maxBodyBytes?: number;
}

export interface FakeAnthropic {
  /** For ANTHROPIC_BASE_URL. */
  readonly url: string;
  /** Every request that was let pass, in order. A refused one is in `refusals`. */
  readonly requests: readonly FakeRequest[];
  /** Every error that the fake answered of its own accord: none means that the client spoke the API well. */
  readonly refusals: readonly ApiError[];
  /** Requests let pass and not yet answered to the end, now. */
  readonly inFlight: number;
  /** The most that were ever in flight at once. */
  readonly mostInFlight: number;
  /** How many requests there were, all or those that match. */
  count(matcher?: Matcher): number;
  /** How many requests asked this model. */
  countOfModel(model: string): number;
  /** From now on answers matching requests so; the newest rule wins. Returns a function that removes it. */
  on(matcher: Matcher, responder: Responder | Answer | string): () => void;
  /** The next request that matches and that nobody has yet, held until the test answers it. */
  nextRequest(matcher?: Matcher): Promise<HeldRequest>;
  /** Ends the server and every connection. */
  close(): Promise<void>;
}

/** Starts a server on 127.0.0.1 that speaks Anthropic's Messages API, refuses what the real one refuses, and counts. */
export async function startFakeAnthropic(options: FakeAnthropicOptions = {}): Promise<FakeAnthropic> {
  const { answers = "auto", apiKey = null, maxBodyBytes = 32_000_000 } = options;
  const requests: FakeRequest[] = [];
  const refusals: ApiError[] = [];
  const rules: { readonly matcher: Matcher; readonly responder: Responder }[] = [];
  const waiting: { readonly matcher: Matcher; readonly take: (held: HeldRequest) => void }[] = [];
  const held: HeldRequest[] = [];
  const cache = new Set<string>();
  let inFlight = 0;
  let mostInFlight = 0;
  let replies = 0;

  const answerFor = (request: FakeRequest, heldRequest: HeldRequest): Promise<Answer | string> => {
    const waiter = waiting.findIndex(({ matcher }) => matches(matcher, request));
    if (waiter >= 0) {
      waiting.splice(waiter, 1)[0]?.take(heldRequest);
      return heldRequest.answer;
    }
    const rule = rules.findLast(({ matcher }) => matches(matcher, request));
    if (rule !== undefined) return Promise.resolve(rule.responder(request));
    if (typeof answers === "function") return Promise.resolve(answers(request));
    if (answers === "auto") return Promise.resolve(defaultAnswer(request.body));
    held.push(heldRequest);
    return heldRequest.answer;
  };

  const handle = async (incoming: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const requestId = `req_fake_${(replies += 1)}`;
    response.setHeader("request-id", requestId);
    const refuse = (error: ApiError): void => {
      refusals.push(error);
      response.writeHead(error.status, { "content-type": "application/json", ...error.headers });
      response.end(errorBody(error.type, error.message, requestId));
    };

    const path = new URL(incoming.url ?? "/", "http://fake").pathname;
    const kind = path === "/v1/messages" ? "create" : path === "/v1/messages/count_tokens" ? "count" : null;
    if (kind === null) return refuse({ status: 404, type: "not_found_error", message: "Not found" });
    if (incoming.method !== "POST") {
      return refuse({ status: 405, type: "invalid_request_error", message: "Method Not Allowed" });
    }
    const bytes = await readBody(incoming, maxBodyBytes);
    if (bytes === null) {
      return refuse({ status: 413, type: "request_too_large", message: "Request exceeds the maximum size" });
    }
    const badHeaders = headerRefusal(incoming.headers, apiKey);
    if (badHeaders !== null) return refuse(badHeaders);
    const body = parse(bytes);
    const badBody = bodyRefusal(body, kind, String(incoming.headers["anthropic-version"]));
    if (badBody !== null) return refuse(badBody);

    const wire = body as WireRequest;
    if (kind === "count") {
      response.writeHead(200, { "content-type": "application/json" });
      return void response.end(JSON.stringify({ input_tokens: inputTokens(wire) }));
    }
    const text = [textOf(wire.system), ...wire.messages.map((message) => textOf(message.content))].join("\n");
    const request = { number: requests.length + 1, headers: incoming.headers, body: wire, text };
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
    sendAnswer(given, { request: wire, number: request.number, requestId, cache, response });
  };

  const server = http.createServer((incoming, response) => {
    // A fault of the fake or of a test's responder must be seen, not hang.
    handle(incoming, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { "content-type": "application/json" });
      response.end(errorBody("api_error", `fake: ${String(error)}`, "req_fake"));
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
    countOfModel: (model) => requests.filter(({ body }) => body.model === model).length,
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

function matches(matcher: Matcher, request: FakeRequest): boolean {
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
