import type { RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";
import { isJsonObject, readJson, type Json, type JsonObject } from "../../util/json.ts";
import type { Usage } from "../../util/usage.ts";
import { tokenCount, type GrowingReply } from "../http/growing-reply.ts";
import type { ModelReply, ToolCall } from "../provider.ts";

/** Starts an empty reply. `askedModel` stands in when the stream does not name the model. */
export function growingReply(askedModel: string): GrowingReply<RawMessageStreamEvent> {
  const pieces: string[] = [];
  let model = askedModel;
  let stopReason: string | null = null;
  let length = 0;
  let begun = false;
  let complete = false;
  /** Blocks by their index in the message, in the order in which they began. */
  const calls = new Map<unknown, { id: string; name: string; json: string; input: Json }>();
  const opaque = new Map<unknown, Record<string, Json>>();
  const tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  let searches = 0;
  let usageKnown = false;

  const readUsage = (usage: unknown): void => {
    if (!isJsonObject(usage)) return;
    usageKnown = true;
    const served = usage["server_tool_use"];
    if (isJsonObject(served)) searches = tokenCount(served["web_search_requests"]) ?? searches;
    tokens.input = tokenCount(usage["input_tokens"]) ?? tokens.input;
    tokens.output = tokenCount(usage["output_tokens"]) ?? tokens.output;
    tokens.cacheRead = tokenCount(usage["cache_read_input_tokens"]) ?? tokens.cacheRead;
    tokens.cacheWrite = tokenCount(usage["cache_creation_input_tokens"]) ?? tokens.cacheWrite;
  };

  const usage = (): Usage | null =>
    usageKnown
      ? {
          inputTokens: tokens.input,
          outputTokens: tokens.output,
          cacheReadTokens: tokens.cacheRead,
          cacheWriteTokens: tokens.cacheWrite,
          calls: 1,
          ...(searches > 0 && { searches }),
        }
      : null;

  const add = (text: unknown): string => {
    if (typeof text !== "string" || text === "") return "";
    pieces.push(text);
    length += text.length;
    return text;
  };

  const grow = (json: string, call: { json: string }): void => {
    call.json += json;
    length += json.length;
  };

  return {
    accept(event) {
      // A gateway may send anything, so nothing below the top is taken for granted.
      if (!isJsonObject(event)) return "";
      switch (event["type"]) {
        case "message_start": {
          const message = event["message"];
          if (!isJsonObject(message)) return "";
          begun = true;
          if (typeof message["model"] === "string" && message["model"] !== "") model = message["model"];
          readUsage(message["usage"]);
          return "";
        }
        case "content_block_start": {
          const block = event["content_block"];
          if (!isJsonObject(block)) return "";
          if (block["type"] === "tool_use") {
            const { id, name, input = null } = block as JsonObject;
            calls.set(event["index"], { id: textIn(id), name: textIn(name), json: "", input });
          } else if (isOpaque(block["type"])) opaque.set(event["index"], { ...block });
          return block["type"] === "text" ? add(block["text"]) : "";
        }
        case "content_block_delta": {
          const delta = event["delta"];
          if (!isJsonObject(delta)) return "";
          const call = calls.get(event["index"]);
          if (delta["type"] === "input_json_delta" && call !== undefined) grow(textIn(delta["partial_json"]), call);
          const kept = opaque.get(event["index"]);
          if (kept !== undefined) growOpaque(kept, delta);
          return delta["type"] === "text_delta" ? add(delta["text"]) : "";
        }
        case "message_delta": {
          const delta = event["delta"];
          if (isJsonObject(delta) && typeof delta["stop_reason"] === "string") stopReason = delta["stop_reason"];
          readUsage(event["usage"]);
          return "";
        }
        case "message_stop":
          complete = begun;
          return "";
        default:
          return "";
      }
    },
    get begun() {
      return begun;
    },
    get complete() {
      return complete;
    },
    get length() {
      return length;
    },
    get text() {
      return pieces.join("");
    },
    get usage() {
      return usage();
    },
    finish: () => ({
      text: pieces.join(""),
      stopReason: stopReasonOf(stopReason),
      model,
      usage: usage(),
      ...(calls.size > 0 && { toolCalls: [...calls.values()].map(callOf) }),
      // Of no use without calls: the conversation ends here.
      ...(calls.size > 0 &&
        opaque.size > 0 && { opaque: [...opaque.values()].map(({ partial_json: _pieces, ...block }) => block) }),
    }),
  };
}

function textIn(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** What a model thought before its calls must be sent back with them, unchanged. */
function isOpaque(type: unknown): boolean {
  return (
    type === "thinking" ||
    type === "redacted_thinking" ||
    type === "server_tool_use" ||
    type === "web_search_tool_result"
  );
}

function growOpaque(block: Record<string, Json>, delta: JsonObject): void {
  const add = (key: string): void => {
    block[key] = textIn(block[key]) + textIn(delta[key]);
  };
  if (delta["type"] === "thinking_delta") add("thinking");
  else if (delta["type"] === "signature_delta") add("signature");
  else if (delta["type"] === "input_json_delta") {
    // Of a search: complete with its last piece.
    add("partial_json");
    const read = readJson(textIn(block["partial_json"]));
    if (read.ok) block["input"] = read.value;
  }
}

function callOf({ id, name, json, input }: { id: string; name: string; json: string; input: Json }): ToolCall {
  if (json === "") return { id, name, input: isJsonObject(input) ? input : null };
  const read = readJson(json);
  return { id, name, input: read.ok && isJsonObject(read.value) ? read.value : null };
}

/** A message that came whole; null when it is none. */
export function wholeReply(message: unknown, askedModel: string): ModelReply | null {
  if (!isJsonObject(message) || !Array.isArray(message["content"])) return null;
  const reply = growingReply(askedModel);
  const { content, stop_reason: stopReason, usage } = message as { readonly [key: string]: unknown };
  const events = [
    { type: "message_start", message },
    ...(content as unknown[]).map((block, index) => ({ type: "content_block_start", index, content_block: block })),
    { type: "message_delta", delta: { stop_reason: stopReason }, usage },
    { type: "message_stop" },
  ];
  for (const event of events) reply.accept(event as unknown as RawMessageStreamEvent);
  return reply.finish();
}

function stopReasonOf(reason: string | null): ModelReply["stopReason"] {
  switch (reason) {
    case "end_turn":
    case "stop_sequence":
      return "end";
    case "tool_use":
      return "tools";
    case "max_tokens":
    // The reply was cut just the same, by the model's window instead of ours.
    case "model_context_window_exceeded":
      return "max_tokens";
    case "refusal":
      return "refusal";
    default:
      return "other";
  }
}
