import { randomUUID } from "node:crypto";
import { sample } from "./sample.ts";

/** A call of a tool as a model makes it; `json` in place of an input that is JSON. */
export interface FakeToolCall {
  readonly id: string;
  readonly name: string;
  readonly input?: unknown;
  readonly json?: string;
}

/** A reply that is one call of a tool, or several. */
export function toolReply(...calls: readonly (readonly [name: string, input: unknown])[]): Answer {
  // As the real ones: never the same id twice in a conversation.
  const toolCalls = calls.map(([name, input]) => ({ id: `toolu_${randomUUID().replaceAll("-", "")}`, name, input }));
  return { kind: "reply", text: "", toolCalls };
}

/** The JSON that a call streams. */
export function jsonOf({ input, json }: FakeToolCall): string {
  return json ?? JSON.stringify(input ?? {});
}

/** What the fake does with a request. */
export type Answer =
  | {
      readonly kind: "reply";
      readonly text: string;
      /** Calls of tools after the text. */
      readonly toolCalls?: readonly FakeToolCall[];
      /** As the API names it; default the one of an ordinary end. */
      readonly stopReason?: string;
      /** The model that answers; default the one that was asked. */
      readonly model?: string;
    }
  /** An error response. */
  | {
      readonly kind: "fail";
      readonly status: number;
      readonly type: string;
      readonly message: string;
      /** Of OpenAI's errors: what is wrong, in a word. */
      readonly code?: string | null;
      /** Of OpenAI's errors: the parameter that is wrong. */
      readonly param?: string | null;
      readonly headers?: { readonly [name: string]: string };
    }
  /** An `error` event in the middle of a stream that began well. */
  | { readonly kind: "fail_in_stream"; readonly type: string; readonly message: string; readonly text: string }
  /** A reply whose connection closes after so many bytes of its body. */
  | { readonly kind: "cut"; readonly text: string; readonly afterBytes: number }
  /** A TCP reset instead of an answer. */
  | { readonly kind: "reset" }
  /** Headers never come, until the client or `close()` ends the connection. */
  | { readonly kind: "hang" }
  /** A reply that begins well and then breaks the JSON of an event. */
  | { readonly kind: "garble"; readonly text: string }
  /** Any response, byte for byte. */
  | { readonly kind: "raw"; readonly status: number; readonly contentType: string; readonly body: string | Uint8Array };

/** What the fake answers when a test says nothing: valid under the schema that was asked for, else one line of text. */
export function defaultText(lastMessage: string, schema: unknown): string {
  // The prompt's schema is the whole one, where the provider could express only a part of it.
  const wanted = schemaInPrompt(lastMessage) ?? schema;
  return wanted === undefined ? `Answer to: ${firstLine(lastMessage)}` : JSON.stringify(sample(wanted));
}

/** A schema at the end of the prompt: the last line, when it is a JSON object that reads like one. */
function schemaInPrompt(lastMessage: string): Record<string, unknown> | undefined {
  const line = lastMessage.trimEnd().split("\n").at(-1) ?? "";
  if (!line.startsWith("{")) return undefined;
  try {
    const value = JSON.parse(line) as Record<string, unknown>;
    return ["type", "$ref", "enum", "const", "anyOf", "oneOf", "allOf"].some((keyword) => keyword in value)
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").slice(0, 120);
}
