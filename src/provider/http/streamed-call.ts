import type { Failure } from "../../run/failure.ts";
import type { ModelEvent } from "../provider.ts";
import { cancelled, notAReply, streamCut } from "./call-failure.ts";
import type { Endpoint } from "./endpoint.ts";
import { LONGEST_REPLY, type GrowingReply } from "./growing-reply.ts";
import { BodyTooLarge } from "./node-fetch.ts";

/** How much of a broken reply a failure keeps, in UTF-16 units. */
const LONGEST_PARTIAL = 64 * 1024;

/** Shorter keys are placeholders for servers that want none, and stand all over a text by chance. */
const SHORTEST_KEY = 6;

/** What is particular to one API about a call whose reply is streamed. */
export interface StreamedCall<Event> {
  readonly endpoint: Endpoint;
  /** Kept out of every message; null = no key. */
  readonly apiKey: string | null;
  readonly signal: AbortSignal;
  /** What can never work, known before anything is sent; null = nothing. */
  readonly problem: Failure | null;
  readonly reply: GrowingReply<Event>;
  /** Sends the request; gives the events of its reply. May reject with anything. */
  send(): Promise<AsyncIterable<Event>>;
  /** The failure behind what was thrown by `send` or by the events. */
  failureOf(error: unknown, begun: boolean): Failure;
}

/** One call as a provider tells it: text as it comes, then exactly one end. Never throws. */
export async function* streamedCall<Event>(call: StreamedCall<Event>): AsyncGenerator<ModelEvent, void> {
  const { reply, signal, problem, endpoint } = call;
  const hidden = problem === null && call.apiKey !== null && call.apiKey.length >= SHORTEST_KEY ? call.apiKey : null;
  const failed = (failure: Failure): ModelEvent => ({
    type: "failed",
    failure: {
      ...failure,
      message: hidden === null ? failure.message : failure.message.replaceAll(hidden, "***"),
      partial: reply.length > 0 ? reply.text.slice(0, LONGEST_PARTIAL) : null,
    },
    usage: reply.usage,
  });

  if (problem !== null || signal.aborted) {
    yield failed(problem ?? cancelled());
    return;
  }
  let thrown: { readonly error: unknown } | null = null;
  try {
    for await (const event of await call.send()) {
      const text = reply.accept(event);
      if (reply.length > LONGEST_REPLY) throw new BodyTooLarge(`more than ${LONGEST_REPLY} characters of text`);
      if (text !== "") yield { type: "text", text };
    }
  } catch (error) {
    thrown = { error };
  }
  // A complete reply was paid for: what became of its connection afterwards does not matter.
  if (reply.complete) yield { type: "done", reply: reply.finish() };
  // After an abort an SDK throws, or just ends the stream.
  else if (signal.aborted) yield failed(cancelled());
  else if (thrown !== null) yield failed(call.failureOf(thrown.error, reply.begun));
  else yield failed(reply.begun ? streamCut(endpoint.host) : notAReply(endpoint));
}
