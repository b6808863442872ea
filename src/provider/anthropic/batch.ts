import { failure } from "../../run/failure.ts";
import { systemClock } from "../../util/clock.ts";
import { createAnthropicBatchApi } from "./batch-api.ts";
import { createAnthropicClient, type AnthropicOptions } from "./client.ts";
import { anthropicRequest } from "./request.ts";
import { BatchDesk, type BatchLimits } from "../batch/desk.ts";
import { createWant, type Want } from "../batch/want.ts";
import { cancelled } from "../http/call-failure.ts";
import type { ModelEvent, Provider } from "../provider.ts";

/** Anthropic's models through its batch endpoint: calls are gathered, handed in together and answered within a day. */
export function createAnthropicBatchProvider(options: AnthropicOptions, limits?: BatchLimits): Provider {
  const { apiKey, clock = systemClock } = options;
  const client = createAnthropicClient(options, clock);
  const api = createAnthropicBatchApi(client);
  const desk = new BatchDesk(api, clock, limits);
  return {
    name: "anthropic",
    origin: "live",
    cancelBatch: (id) => api.cancel(id),
    async *call(request, { signal, idempotencyKey, deferral }) {
      if (deferral === undefined || client.problem !== null || signal.aborted) {
        const bug = failure("internal", "bug", "a call through the batch API that nobody can wait for");
        yield failed(client.problem ?? (signal.aborted ? cancelled() : bug));
        return;
      }
      const { params, headers } = anthropicRequest(request, idempotencyKey);
      const { stream: _, ...body } = params;
      // The key is that of the whole batch.
      const { "Idempotency-Key": __, ...shared } = headers;
      const want = createWant(body, shared, deferral);
      desk.ask(want);
      await deferral.pause(want.answered);
      if (want.answer === null) await desk.drop(want, signal.reason !== "interrupted");
      yield answerOf(want, apiKey);
    },
  };
}

function answerOf({ answer }: Want, apiKey: string): ModelEvent {
  if (answer === null) return failed(cancelled());
  if (answer.ok) return { type: "done", reply: answer.value };
  return failed({ ...answer.error, message: answer.error.message.replaceAll(apiKey, "***") });
}

function failed(why: Extract<ModelEvent, { type: "failed" }>["failure"]): ModelEvent {
  return { type: "failed", failure: why, usage: null };
}
