import { digestOf } from "../../util/digest.ts";
import type { Json, JsonObject } from "../../util/json.ts";
import type { Message, ModelRequest, ToolCall } from "../provider.ts";

/** A request as recordings spell it: what is null is left out. */
export function requestForm(request: ModelRequest): JsonObject {
  return {
    model: request.model,
    max_tokens: request.maxTokens,
    ...(request.temperature !== null && { temperature: request.temperature }),
    ...(request.effort !== null && { effort: request.effort }),
    ...(request.system !== null && { system: request.system }),
    messages: request.messages.map(messageForm),
    ...(request.outputSchema !== null && { output_schema: request.outputSchema }),
    ...(request.tools !== undefined && {
      tools: request.tools.map(({ name, description, inputSchema }) => ({
        name,
        description,
        input_schema: inputSchema,
      })),
    }),
  };
}

function messageForm({ role, text, toolCalls, toolResults, opaque }: Message): Json {
  return {
    role,
    text,
    ...(toolCalls !== undefined && { tool_calls: callsForm(toolCalls) }),
    ...(toolResults !== undefined && {
      tool_results: toolResults.map(({ id, text: said, isError }) => ({
        id,
        text: said,
        ...(isError && { is_error: true }),
      })),
    }),
    ...(opaque !== undefined && { opaque }),
  };
}

/** Calls of tools as recordings spell them. */
export function callsForm(calls: readonly ToolCall[]): Json {
  return calls.map(({ id, name, input }) => ({ id, name, input }));
}

/** What a recording is keyed by: SHA-256 of the canonical JSON of `requestForm`, 64 hex digits. */
export function requestHash(request: ModelRequest): string {
  return digestOf(requestForm(request));
}
