import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
} from "openai/resources/chat/completions";
import type { Message, ModelRequest } from "../provider.ts";
import { withSchemaInPrompt } from "../schema-prompt.ts";
import type { Dialect } from "./dialect.ts";
import { openaiOutput } from "./structured-output.ts";

/** A request for chat completions: structured output where dialect and schema allow it, the prompt where not. */
export function chatRequest(request: ModelRequest, dialect: Dialect): ChatCompletionCreateParamsStreaming {
  const { outputSchema, effort, temperature, system } = request;
  const structured = outputSchema === null || !dialect.responseFormat ? null : openaiOutput(outputSchema);
  const isToldByFormat = structured !== null && structured.complete && !dialect.tellsSchema;
  const told =
    outputSchema === null || isToldByFormat ? request.messages : withSchemaInPrompt(request.messages, outputSchema);
  const instructions: ChatCompletionMessageParam[] =
    system === null || system.trim() === "" ? [] : [{ role: "system", content: system }];
  return {
    model: request.model,
    [dialect.maxTokens]: request.maxTokens,
    messages: [...instructions, ...told.flatMap(messagesOf)],
    stream: true,
    ...(request.tools !== undefined && {
      tools: request.tools
        .filter(({ isServed }) => isServed !== true)
        .map(({ name, description, inputSchema }) => ({
          type: "function" as const,
          function: { name, description, parameters: { ...inputSchema } },
        })),
    }),
    ...(dialect.streamOptions && { stream_options: { include_usage: true } }),
    ...(structured !== null && {
      response_format: {
        type: "json_schema" as const,
        json_schema: { name: "reply", strict: true, schema: { ...structured.schema } },
      },
    }),
    // An unknown effort is for the API to refuse.
    ...(effort !== null && {
      reasoning_effort: effort as ChatCompletionCreateParamsStreaming["reasoning_effort"] & string,
    }),
    ...(temperature !== null && { temperature }),
  };
}

/** A message as the API has it: each result of a tool is one of its own. An error is told by its text. */
function messagesOf({ role, text, toolCalls, toolResults }: Message): ChatCompletionMessageParam[] {
  if (toolResults !== undefined) {
    const results = toolResults.map(({ id, text: content, isError }): ChatCompletionMessageParam => ({
      role: "tool",
      tool_call_id: id,
      content: isError ? `Error: ${content}` : content,
    }));
    return text === "" ? results : [...results, { role: "user", content: text }];
  }
  if (toolCalls === undefined) return [{ role, content: text }];
  return [
    {
      role: "assistant",
      content: text === "" ? null : text,
      tool_calls: toolCalls.map(({ id, name, input }) => ({
        id,
        type: "function",
        function: { name, arguments: JSON.stringify(input ?? {}) },
      })),
    },
  ];
}
