import type { BatchCreateParams, MessageBatch } from "@anthropic-ai/sdk/resources/messages/batches";
import { failure, type Failure } from "../../run/failure.ts";
import { isJsonObject, jsonText, readJson } from "../../util/json.ts";
import { err, ok, type Result } from "../../util/result.ts";
import type { BatchAnswer, BatchApi, BatchState } from "../batch/batch-api.ts";
import { LONGEST_REPLY } from "../http/growing-reply.ts";
import { linesOf } from "../http/line.ts";
import { errorFailure } from "./api-failure.ts";
import type { AnthropicClient } from "./client.ts";
import { wholeReply } from "./reply.ts";

/** Longest pause that a kill makes to stop a batch. */
const CANCEL_MS = 3_000;
/** Batches on a page of the list: the most that the API gives. */
const PAGE = 100;
/** So many of them are looked through at most. */
const MOST_LISTED = 10_000;
/** The connection was never there: nothing was taken. */
const NEVER_SENT: ReadonlySet<string> = new Set(["dns", "tls", "econnrefused", "ehostunreach", "enetunreach"]);

/** Anthropic's Message Batches. */
export function createAnthropicBatchApi(api: AnthropicClient): BatchApi {
  const { host } = api.endpoint;
  const failureOf = (error: unknown): Failure => {
    const why = api.failureOf(error, "batch", false);
    if (why.code !== "unknown_model" && why.code !== "http_404") return why;
    return { ...why, code: "no_batch", help: `either it is gone, or ${host} has no batch API: take \`batch_api\` out` };
  };
  const attempt = async <Value>(work: () => Promise<Value>): Promise<Result<Value, Failure>> => {
    if (api.problem !== null) return err(api.problem);
    try {
      return ok(await work());
    } catch (error) {
      return err(failureOf(error));
    }
  };
  return {
    async submit(requests, headers, key) {
      const body = { requests: requests.map(({ customId, params }) => ({ custom_id: customId, params })) };
      const sent = await attempt(async () => {
        const client = await api.open();
        const options = { headers: { ...headers, "Idempotency-Key": key } };
        return client.messages.batches.create(body as BatchCreateParams, options);
      });
      if (!sent.ok) return err({ failure: sent.error, isUnknown: mayBeTaken(sent.error) });
      const state = stateOf(sent.value);
      if (state !== null) return ok(state);
      const message = `${host} answered a batch with something else`;
      return err({ failure: failure("network", "bad_response", message), isUnknown: true });
    },
    async state(id) {
      const got = await attempt(async () => (await api.open()).messages.batches.retrieve(id));
      if (!got.ok) return got;
      const state = stateOf(got.value);
      return state === null
        ? err(failure("network", "bad_response", `${host} tells nothing of batch ${id}`))
        : ok(state);
    },
    since: (atMs) =>
      attempt(async () => {
        const client = await api.open();
        const found: BatchState[] = [];
        // The newest come first.
        for await (const batch of client.messages.batches.list({ limit: PAGE })) {
          const state = stateOf(batch);
          if (state === null) continue;
          if (state.createdAtMs < atMs || found.length >= MOST_LISTED) break;
          found.push(state);
        }
        return found;
      }),
    async read(id, take) {
      const done = await attempt(async () => {
        const client = await api.open();
        // Not from the address that the batch names: the key goes to no other host.
        const path = `/v1/messages/batches/${encodeURIComponent(id)}/results`;
        const response = await client.get(path, { headers: { accept: "application/binary" } }).asResponse();
        for await (const line of linesOf(response.body as unknown as AsyncIterable<Uint8Array>, LONGEST_REPLY)) {
          const answer = answerOf(line, host);
          if (answer !== null) take(answer);
        }
      });
      return done.ok ? null : done.error;
    },
    async cancel(id) {
      const signal = AbortSignal.timeout(CANCEL_MS);
      await attempt(async () => (await api.open()).messages.batches.cancel(id, {}, { signal }));
    },
  };
}

function mayBeTaken({ class: failureClass, code }: Failure): boolean {
  return (failureClass === "network" && !NEVER_SENT.has(code)) || failureClass === "server";
}

function stateOf(batch: unknown): BatchState | null {
  if (!isJsonObject(batch)) return null;
  const {
    id,
    processing_status: status,
    created_at: createdAt,
    request_counts: counts,
  } = batch as unknown as MessageBatch;
  if (typeof id !== "string" || !/^[\w-]{1,128}$/.test(id) || typeof status !== "string") return null;
  const size = Object.values({ ...counts }).reduce<number>((sum, n) => sum + (typeof n === "number" ? n : 0), 0);
  return { id, isEnded: status === "ended", createdAtMs: Date.parse(createdAt) || 0, size };
}

/** A line of the results; null when it is none. */
function answerOf(line: string, host: string): BatchAnswer | null {
  const value = readJson(line);
  if (!value.ok || !isJsonObject(value.value)) return null;
  const { custom_id: customId, result } = value.value;
  if (typeof customId !== "string" || !isJsonObject(result)) return null;
  return { customId, result: resultOf(result, host) };
}

function resultOf(result: { readonly [key: string]: unknown }, host: string): BatchAnswer["result"] {
  switch (result["type"]) {
    case "succeeded": {
      const reply = wholeReply(result["message"], "unknown");
      if (reply === null || reply.text.length > LONGEST_REPLY)
        return err(failure("network", "bad_response", `${host} gave a result of a batch that is no reply of a model`));
      return ok(reply);
    }
    case "expired":
      return err(
        failure("timeout", "batch_expired", `${host} did not come to this request of the batch within 24 hours`, {
          help: "it costs nothing",
        }),
      );
    case "canceled":
      return err(failure("server", "batch_canceled", `the batch was stopped at ${host} before this request`));
    default: {
      const outer = isJsonObject(result["error"]) ? result["error"] : {};
      const { type = null, message = "no reason given" } = isJsonObject(outer["error"]) ? outer["error"] : outer;
      const facts = { model: "of the batch", host, nowMs: 0 };
      return err(errorFailure(typeof type === "string" ? type : null, jsonText(message), facts));
    }
  }
}
