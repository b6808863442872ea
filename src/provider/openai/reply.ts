import type { ChatCompletionChunk } from "openai/resources/chat/completions";
import { isJsonObject, type Json } from "../../util/json.ts";
import type { Usage } from "../../util/usage.ts";
import { tokenCount, type GrowingReply } from "../http/growing-reply.ts";
import type { ModelReply } from "../provider.ts";

/** Starts an empty reply. `askedModel` stands in when the stream does not name the model. */
export function growingReply(askedModel: string): GrowingReply<ChatCompletionChunk> {
  const pieces: string[] = [];
  let length = 0;
  let model = askedModel;
  let begun = false;
  let finishReason: string | null = null;
  let hasRefused = false;
  let usage: Usage | null = null;

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
      stopReason: hasRefused ? "refusal" : stopReasonOf(finishReason),
      model,
      usage,
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
    case "length":
      return "max_tokens";
    case "content_filter":
      return "refusal";
    default:
      return "other";
  }
}
