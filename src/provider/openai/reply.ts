import type { ChatCompletionChunk } from "openai/resources/chat/completions";
import { isJsonObject, readJson, type Json } from "../../util/json.ts";
import type { Usage } from "../../util/usage.ts";
import { tokenCount, type GrowingReply } from "../http/growing-reply.ts";
import type { ModelReply, ToolCall } from "../provider.ts";

/** Starts an empty reply. `askedModel` stands in when the stream does not name the model. */
export function growingReply(askedModel: string): GrowingReply<ChatCompletionChunk> {
  const pieces: string[] = [];
  let length = 0;
  let model = askedModel;
  let begun = false;
  let finishReason: string | null = null;
  let hasRefused = false;
  let usage: Usage | null = null;
  /** By their index in the message. */
  const calls = new Map<number, { id: string; name: string; json: string }>();

  const addCall = (part: Json): void => {
    if (!isJsonObject(part)) return;
    // Some endpoints leave the index out where there is only one call, or send each whole.
    const index = typeof part["index"] === "number" ? part["index"] : calls.size;
    const call = calls.get(index) ?? { id: "", name: "", json: "" };
    calls.set(index, call);
    if (typeof part["id"] === "string" && part["id"] !== "") call.id = part["id"];
    const said = part["function"];
    if (!isJsonObject(said)) return;
    if (typeof said["name"] === "string") call.name += said["name"];
    if (typeof said["arguments"] !== "string") return;
    call.json += said["arguments"];
    length += said["arguments"].length;
  };

  const add = (text: Json | undefined): string => {
    if (typeof text !== "string" || text === "") return "";
    pieces.push(text);
    length += text.length;
    return text;
  };

  return {
    accept(event) {
      // An endpoint may send anything, so nothing below the top is taken for granted.
      const chunk = event as unknown as Json;
      if (!isJsonObject(chunk)) return "";
      if (typeof chunk["model"] === "string" && chunk["model"] !== "") model = chunk["model"];
      usage = usageOf(chunk["usage"]) ?? usage;
      const choices = chunk["choices"];
      if (!Array.isArray(choices)) return "";
      begun = true;
      const choice = choices[0] as Json | undefined;
      if (!isJsonObject(choice)) return "";
      if (typeof choice["finish_reason"] === "string") finishReason = choice["finish_reason"];
      const delta = choice["delta"];
      if (!isJsonObject(delta)) return "";
      if (Array.isArray(delta["tool_calls"])) (delta["tool_calls"] as readonly Json[]).forEach(addCall);
      const refusal = add(delta["refusal"]);
      if (refusal !== "") hasRefused = true;
      return refusal + add(delta["content"]);
    },
    get begun() {
      return begun;
    },
    get complete() {
      return finishReason !== null;
    },
    get length() {
      return length;
    },
    get text() {
      return pieces.join("");
    },
    get usage() {
      return usage;
    },
    finish: () => ({
      text: pieces.join(""),
      // Not every endpoint says `tool_calls` at the end of them.
      stopReason: hasRefused
        ? "refusal"
        : calls.size > 0 && finishReason === "stop"
          ? "tools"
          : stopReasonOf(finishReason),
      model,
      usage,
      ...(calls.size > 0 && { toolCalls: [...calls.values()].map(callOf) }),
    }),
  };
}

/**
 * What the endpoint says of its use; null when it says nothing or only a part. OpenAI counts what came from and went
 * into the cache among the prompt's tokens, here it stands apart.
 */
function usageOf(said: Json | undefined): Usage | null {
  if (!isJsonObject(said)) return null;
  const prompt = tokenCount(said["prompt_tokens"]);
  const completion = tokenCount(said["completion_tokens"]);
  if (prompt === null || completion === null) return null;
  const details = isJsonObject(said["prompt_tokens_details"]) ? said["prompt_tokens_details"] : {};
  const cacheReadTokens = Math.min(tokenCount(details["cached_tokens"]) ?? 0, prompt);
  const cacheWriteTokens = Math.min(tokenCount(details["cache_write_tokens"]) ?? 0, prompt - cacheReadTokens);
  return {
    inputTokens: prompt - cacheReadTokens - cacheWriteTokens,
    outputTokens: completion,
    cacheReadTokens,
    cacheWriteTokens,
    calls: 1,
  };
}

function stopReasonOf(reason: string | null): ModelReply["stopReason"] {
  switch (reason) {
    case "stop":
      return "end";
    case "tool_calls":
      return "tools";
    case "length":
      return "max_tokens";
    case "content_filter":
      return "refusal";
    default:
      return "other";
  }
}

/** Endpoints that give calls no id want none back: any will do, as long as it is another for each. */
function callOf({ id, name, json }: { id: string; name: string; json: string }, index: number): ToolCall {
  const read = readJson(json === "" ? "{}" : json);
  return { id: id === "" ? `call_${index}` : id, name, input: read.ok && isJsonObject(read.value) ? read.value : null };
}
