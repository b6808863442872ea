import { jsonOf, type FakeToolCall } from "../fake-model/answer.ts";
import type { WireUsage } from "./usage.ts";

/** A reply as the API words it. */
export interface FakeMessage {
  readonly id: string;
  readonly model: string;
  readonly text: string;
  readonly toolCalls: readonly FakeToolCall[];
  readonly stopReason: string;
  readonly usage: WireUsage;
}

/** The body of a reply that is not streamed. */
export function messageJson(message: FakeMessage): string {
  return JSON.stringify({
    ...opening(message),
    content: contentOf(message),
    stop_reason: message.stopReason,
    usage: message.usage,
  });
}

/** The body of a streamed reply: server-sent events, the text in at most `pieces` deltas. */
export function messageEvents(message: FakeMessage, pieces = 16): string {
  return [
    ...openingEvents(message),
    ...textEvents(message.text, pieces),
    ...callEvents(message),
    ...closingEvents(message),
  ].join("");
}

/** The events up to the end of the text, without those that close the message. */
export function unfinishedEvents(message: FakeMessage): string {
  return [...openingEvents(message), ...textEvents(message.text, 4)].join("");
}

/** One server-sent event. */
export function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function openingEvents(message: FakeMessage): string[] {
  return [
    event("message_start", {
      type: "message_start",
      message: { ...opening(message), usage: { ...message.usage, output_tokens: 1 } },
    }),
    event("content_block_start", { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
    event("ping", { type: "ping" }),
  ];
}

function textEvents(text: string, pieces: number): string[] {
  const size = Math.max(16, Math.ceil(text.length / pieces));
  const events: string[] = [];
  for (let start = 0; start < text.length; start += size) {
    const delta = { type: "text_delta", text: text.slice(start, start + size) };
    events.push(event("content_block_delta", { type: "content_block_delta", index: 0, delta }));
  }
  return events;
}

/** Blocks after that of the text, which ends when the first begins. */
function callEvents({ toolCalls }: FakeMessage): string[] {
  return toolCalls.flatMap((call, position) => {
    const index = position + 1;
    const json = jsonOf(call);
    const half = Math.ceil(json.length / 2);
    const block = { type: "tool_use", id: call.id, name: call.name, input: {} };
    const deltas = ["", json.slice(0, half), json.slice(half)].map((partial) => ({
      type: "content_block_delta",
      index,
      delta: { type: "input_json_delta", partial_json: partial },
    }));
    return [
      event("content_block_stop", { type: "content_block_stop", index: index - 1 }),
      event("content_block_start", { type: "content_block_start", index, content_block: block }),
      ...deltas.map((delta) => event("content_block_delta", delta)),
    ];
  });
}

function closingEvents(message: FakeMessage): string[] {
  const delta = { stop_reason: message.stopReason, stop_sequence: null, stop_details: null, container: null };
  return [
    event("content_block_stop", { type: "content_block_stop", index: message.toolCalls.length }),
    event("message_delta", { type: "message_delta", delta, usage: { output_tokens: message.usage.output_tokens } }),
    event("message_stop", { type: "message_stop" }),
  ];
}

function opening(message: FakeMessage): Record<string, unknown> {
  return {
    id: message.id,
    type: "message",
    role: "assistant",
    model: message.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
  };
}

function contentOf(message: FakeMessage): unknown[] {
  const text = message.text === "" ? [] : [{ type: "text", text: message.text, citations: null }];
  return [...text, ...message.toolCalls.map(({ id, name, input }) => ({ type: "tool_use", id, name, input }))];
}
