import type { CallContext, ModelEvent, ModelReply, ModelRequest, Provider } from "../../src/provider/provider.ts";
import type { Failure } from "../../src/run/failure.ts";
import type { Usage } from "../../src/util/usage.ts";

/** A small request; `more` changes parts of it. */
export function modelRequest(more: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: "claude-haiku-5-5",
    system: null,
    messages: [{ role: "user", text: "Name a colour." }],
    maxTokens: 1000,
    temperature: null,
    effort: null,
    outputSchema: null,
    ...more,
  };
}

/** The context of a call; `more` changes parts of it. */
export function callContext(more: Partial<CallContext> = {}): CallContext {
  return {
    signal: new AbortController().signal,
    idempotencyKey: "key-1",
    unit: "unit-1",
    step: "draft",
    attempt: 1,
    ...more,
  };
}

/** All events of a call. */
export async function eventsOf(
  provider: Provider,
  request: ModelRequest = modelRequest(),
  context: CallContext = callContext(),
): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of provider.call(request, context)) events.push(event);
  return events;
}

/** The reply of a call that must succeed. */
export async function replyOf(provider: Provider, request?: ModelRequest, context?: CallContext): Promise<ModelReply> {
  const last = (await eventsOf(provider, request, context)).at(-1);
  if (last?.type !== "done") throw new Error(`no reply: ${JSON.stringify(last)}`);
  return last.reply;
}

/** The failure of a call that must fail, with the use that was reported. */
export async function failureOf(
  provider: Provider,
  request?: ModelRequest,
  context?: CallContext,
): Promise<{ readonly failure: Failure; readonly usage: Usage | null }> {
  const last = (await eventsOf(provider, request, context)).at(-1);
  if (last?.type !== "failed") throw new Error(`no failure: ${JSON.stringify(last)}`);
  return { failure: last.failure, usage: last.usage };
}
