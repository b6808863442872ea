import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Answer } from "../fake-model/answer.ts";
import type { ApiError } from "../fake-model/api-error.ts";
import type { OtherExchange } from "../fake-model/server.ts";
import { invalid } from "./api-error.ts";
import { messageJson } from "./message-stream.ts";
import { bodyRefusal, headerRefusal } from "./refusal.ts";
import { messageOf } from "./send-answer.ts";
import type { WireRequest } from "./wire.ts";

const PATH = "/v1/messages/batches";

interface BatchEntry {
  readonly custom_id: string;
  readonly params: WireRequest;
}

/** One batch that was taken. */
export class FakeBatch {
  readonly id: string;
  readonly entries: readonly BatchEntry[];
  readonly createdAt = new Date();
  readonly results: string[] = [];
  status: "in_progress" | "canceling" | "ended" = "in_progress";
  /** How often its state was asked for. */
  looks = 0;
  readonly #answer: (entry: BatchEntry, number: number) => Promise<Answer>;
  readonly #cache: Set<string>;

  constructor(
    id: string,
    entries: readonly BatchEntry[],
    answer: (entry: BatchEntry, number: number) => Promise<Answer>,
    cache: Set<string>,
  ) {
    this.id = id;
    this.entries = entries;
    this.#answer = answer;
    this.#cache = cache;
  }

  /** Answers all its requests, by the rules of the server, in the wrong order; `but` gives other results by custom id. */
  async end(but: { readonly [customId: string]: "expired" | "canceled" } = {}): Promise<void> {
    for (const [index, entry] of [...this.entries.entries()].reverse()) {
      const { custom_id, params } = entry;
      const other = but[custom_id];
      const result = other === undefined ? await this.#resultOf(entry, index, params) : { type: other };
      this.results.push(JSON.stringify({ custom_id, result }));
    }
    this.status = "ended";
  }

  async #resultOf(entry: BatchEntry, index: number, request: WireRequest): Promise<unknown> {
    const answer = await this.#answer(entry, index);
    if (answer.kind === "reply") {
      const message = messageOf(answer.text, { request, number: index, cache: this.#cache }, answer);
      return { type: "succeeded", message: JSON.parse(messageJson(message)) as unknown };
    }
    const { type, message } = answer.kind === "fail" ? answer : { type: "api_error", message: "Internal server error" };
    return { type: "errored", error: { type: "error", error: { type, message }, request_id: "req_in_batch" } };
  }

  /** As the API tells of it. */
  json(): Record<string, unknown> {
    const size = this.entries.length;
    const isEnded = this.status === "ended";
    const count = (type: string): number =>
      this.results.filter((line) => line.includes(`"result":{"type":"${type}"`)).length;
    return {
      id: this.id,
      type: "message_batch",
      processing_status: this.status,
      created_at: this.createdAt.toISOString(),
      expires_at: new Date(this.createdAt.getTime() + 24 * 3_600_000).toISOString(),
      ended_at: isEnded ? new Date().toISOString() : null,
      archived_at: null,
      cancel_initiated_at: null,
      // Leads where a key must not go.
      results_url: isEnded ? `http://192.0.2.1/${this.id}/results` : null,
      request_counts: {
        processing: isEnded ? 0 : size,
        succeeded: count("succeeded"),
        errored: count("errored"),
        canceled: count("canceled"),
        expired: count("expired"),
      },
    };
  }
}

/** Message Batches as the real API has them: strict about what is handed in, and in no hurry. */
export class FakeBatches {
  readonly all: FakeBatch[] = [];
  /** A batch waits for `end()` of the test; else it ends when its state, or the list, is asked for. */
  isHeld = false;
  readonly #apiKey: string | null;
  readonly #cache: Set<string>;
  readonly #waiting: ((batch: FakeBatch) => void)[] = [];
  #lost: "before" | "after" | "mute" | null = null;
  #unlisted = false;

  constructor(apiKey: string | null, cache: Set<string>) {
    this.#apiKey = apiKey;
    this.#cache = cache;
  }

  /** The next batch that is taken. */
  next(): Promise<FakeBatch> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The connection of the next batch breaks: before it is taken, or after; or it is taken and nothing is said. */
  breakNext(when: "before" | "after" | "mute"): void {
    this.#lost = when;
  }

  /** The list of batches is not given out. */
  hideList(): void {
    this.#unlisted = true;
  }

  /** Answers what concerns batches; false = something else. */
  handle(exchange: OtherExchange): boolean {
    const { method, path, headers, refuse, response } = exchange;
    if (path !== PATH && !path.startsWith(`${PATH}/`)) return false;
    // Only what has a body says of what kind it is.
    const json = path === PATH && method === "POST" ? headers : { ...headers, "content-type": "application/json" };
    const problem = headerRefusal(json, this.#apiKey);
    if (problem !== null) refuse(problem);
    else if (path === PATH && method === "POST") this.#create(exchange);
    else if (path === PATH && method === "GET") void this.#list(exchange);
    else {
      const [id = "", verb] = path.slice(PATH.length + 1).split("/");
      const batch = this.all.find((each) => each.id === id);
      if (batch === undefined) refuse({ status: 404, type: "not_found_error", message: `${id} was not found` });
      else if (method === "GET" && verb === undefined) void this.#tell(batch, response);
      else if (method === "GET" && verb === "results") sendResults(batch, exchange);
      else if (method === "POST" && verb === "cancel") cancel(batch, exchange);
      else return false;
    }
    return true;
  }

  #create({ body, headers, ask, refuse, response }: OtherExchange): void {
    const problem = batchRefusal(body, String(headers["anthropic-version"]));
    if (problem !== null) return refuse(problem);
    const lost = this.#lost;
    this.#lost = null;
    const breakOff = (): void => void (response.socket as Socket).resetAndDestroy();
    if (lost === "before") return breakOff();
    const { requests } = body as { readonly requests: readonly BatchEntry[] };
    const id = `msgbatch_fake_${this.all.length + 1}`;
    const batch = new FakeBatch(id, requests, (entry) => ask(entry.params), this.#cache);
    this.all.push(batch);
    this.#waiting.shift()?.(batch);
    if (lost === "after") return breakOff();
    if (lost === "mute") return;
    sendJson(response, batch.json());
  }

  async #tell(batch: FakeBatch, response: ServerResponse): Promise<void> {
    batch.looks += 1;
    if (!this.isHeld && batch.status === "in_progress") await batch.end();
    sendJson(response, batch.json());
  }

  async #list({ refuse, response }: OtherExchange): Promise<void> {
    if (!this.isHeld) for (const batch of this.all) if (batch.status === "in_progress") await batch.end();
    if (this.#unlisted) return refuse({ status: 404, type: "not_found_error", message: "Not found" });
    const data = this.all.toReversed().map((batch) => batch.json());
    const ids = { first_id: this.all.at(-1)?.id ?? null, last_id: this.all[0]?.id ?? null };
    sendJson(response, { data, has_more: false, ...ids });
  }
}

function sendResults(batch: FakeBatch, { refuse, response }: OtherExchange): void {
  if (batch.status !== "ended") return refuse(invalid(`${batch.id} has not ended`));
  response.writeHead(200, { "content-type": "application/x-jsonl" });
  response.end(`${batch.results.join("\n")}\n`);
}

function cancel(batch: FakeBatch, { refuse, response }: OtherExchange): void {
  if (batch.status === "ended") return refuse(invalid(`${batch.id} has ended`));
  batch.status = "canceling";
  sendJson(response, batch.json());
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

/** What is wrong with a batch, as the real API says it; null = nothing. */
function batchRefusal(body: unknown, version: string): ApiError | null {
  if (typeof body !== "object" || body === null) return invalid("Input should be a valid dictionary or object");
  const { requests, ...others } = body as { readonly requests?: unknown };
  const [extra] = Object.keys(others);
  if (extra !== undefined) return invalid(`${extra}: Extra inputs are not permitted`);
  if (!Array.isArray(requests) || requests.length === 0)
    return invalid("requests: List should have at least 1 item after validation");
  const seen = new Set<string>();
  for (const [index, entry] of (requests as readonly Record<string, unknown>[]).entries()) {
    const { custom_id: id, params, ...rest } = entry;
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined) return invalid(`requests.${index}.${unknown}: Extra inputs are not permitted`);
    if (typeof id !== "string" || !/^[a-zA-Z0-9_-]{1,64}$/.test(id))
      return invalid(`requests.${index}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'`);
    if (seen.has(id)) return invalid(`requests: custom_id must be unique: ${id}`);
    seen.add(id);
    if ((params as { stream?: unknown }).stream !== undefined)
      return invalid(`requests.${index}.params.stream: Streaming is not supported in batches`);
    const problem = bodyRefusal(params, "create", version);
    if (problem !== null) return { ...problem, message: `requests.${index}.params.${problem.message}` };
  }
  return null;
}
