import type {
  ContentBlockParam,
  MessageCreateParamsStreaming,
  MessageParam,
  OutputConfig,
  Tool,
  ToolUnion,
} from "@anthropic-ai/sdk/resources/messages";
import { MOST_SEARCHES } from "../../plan/search.ts";
import type { Message, ModelRequest, ToolSpec } from "../provider.ts";
import { withSchemaInPrompt } from "../schema-prompt.ts";
import { anthropicOutput } from "./structured-output.ts";

/** A request in Anthropic's dialect. */
export interface AnthropicRequest {
  readonly params: MessageCreateParamsStreaming;
  readonly headers: { readonly [name: string]: string };
}

/**
 * The newest version of the API that takes `temperature`; the one that the SDK sends (2026-10-21) refuses it.
 * Source: platform.claude.com/docs/en/api/migration-2026-10-21. Models since Claude 4.7 refuse it in any version,
 * and their error reaches the user.
 */
const VERSION_WITH_TEMPERATURE = "2023-06-01";

/** Builds the request: cached instructions, structured output where the schema allows it, the prompt where not. */
export function anthropicRequest(request: ModelRequest, idempotencyKey: string): AnthropicRequest {
  const { outputSchema, effort, temperature } = request;
  const structured = outputSchema === null ? null : anthropicOutput(outputSchema);
  const messages =
    outputSchema === null || structured?.complete === true
      ? request.messages
      : withSchemaInPrompt(request.messages, outputSchema);
  const outputConfig: OutputConfig = {
    ...(structured && { format: { type: "json_schema" as const, schema: { ...structured.schema } } }),
    // The manifest's efforts are the API's; an unknown one is for the API to refuse.
    ...(effort !== null && { effort: effort as NonNullable<OutputConfig["effort"]> }),
  };
  const params: MessageCreateParamsStreaming = {
    model: request.model,
    max_tokens: request.maxTokens,
    messages: messagesOf(messages, request.tools !== undefined),
    stream: true,
    ...(request.tools !== undefined && {
      tools: request.tools.map(toolOf),
    }),
    ...(request.system !== null &&
      request.system.trim() !== "" && {
        system: [{ type: "text" as const, text: request.system, cache_control: { type: "ephemeral" as const } }],
      }),
    ...(Object.keys(outputConfig).length > 0 && { output_config: outputConfig }),
    ...(temperature !== null && { temperature }),
  };
  const headers = {
    "Idempotency-Key": idempotencyKey,
    ...(temperature !== null && { "anthropic-version": VERSION_WITH_TEMPERATURE }),
  };
  return { params, headers };
}

function toolOf({ name, description, inputSchema, isServed }: ToolSpec): ToolUnion {
  // The one that every model since Claude 3.5 takes: platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool, 2026-11.
  if (isServed === true) return { type: "web_search_20250305", name: "web_search", max_uses: MOST_SEARCHES };
  return { name, description, input_schema: { ...inputSchema } as unknown as Tool["input_schema"] };
}

/**
 * The conversation. With tools it grows turn by turn, so what was sent is marked for the cache at its end: the next turn
 * reads it from there.
 */
function messagesOf(messages: readonly Message[], hasTools: boolean): MessageParam[] {
  return messages.map((message, index) => {
    const { role, text, toolCalls, toolResults } = message;
    const isLast = hasTools && index === messages.length - 1;
    if (toolCalls === undefined && toolResults === undefined && !isLast) return { role, content: text };
    const blocks = blocksOf(message);
    const last = blocks.at(-1);
    if (isLast && last !== undefined) Object.assign(last, { cache_control: { type: "ephemeral" } });
    return { role, content: blocks };
  });
}

function blocksOf({ text, toolCalls = [], toolResults = [], opaque = [] }: Message): ContentBlockParam[] {
  return [
    ...opaque.map((block) => ({ ...block }) as unknown as ContentBlockParam),
    // Results come first, as the API wants them.
    ...toolResults.map(({ id, text: content, isError }): ContentBlockParam => ({
      type: "tool_result",
      tool_use_id: id,
      // An empty text is refused.
      ...(content.trim() !== "" && { content }),
      ...(isError && { is_error: true }),
    })),
    ...(text.trim() === "" ? [] : [{ type: "text" as const, text }]),
    ...toolCalls.map(({ id, name, input }): ContentBlockParam => ({ type: "tool_use", id, name, input: input ?? {} })),
  ];
}
