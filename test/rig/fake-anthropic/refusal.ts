import type { IncomingHttpHeaders } from "node:http";
import type { ApiError } from "../fake-model/api-error.ts";
import { invalid } from "./api-error.ts";
import { models } from "./model-table.ts";
import { schemaRefusal } from "./schema-refusal.ts";
import { blocksOf, type WireBlock, type WireMessage, type WireRequest } from "./wire.ts";
import { inputTokens } from "./usage.ts";

const apiVersions = new Set(["2023-01-01", "2023-06-01", "2026-10-21"]);
const newestVersion = "2026-10-21";

const requestFields = new Set([
  "model",
  "max_tokens",
  "messages",
  "system",
  "stream",
  "tools",
  "tool_choice",
  "stop_sequences",
  "metadata",
  "output_config",
  "thinking",
  "service_tier",
  "cache_control",
  "container",
  "inference_geo",
  "speed",
  "diagnostics",
  "temperature",
  "top_p",
  "top_k",
]);
const countFields = new Set(["model", "messages", "system", "tools", "tool_choice", "output_config", "thinking"]);
const efforts = new Set(["low", "medium", "high", "xhigh", "max"]);

/** What is wrong with the headers, as the real API says it; null = nothing. */
export function headerRefusal(headers: IncomingHttpHeaders, apiKey: string | null): ApiError | null {
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
  const key = bearer ?? headers["x-api-key"];
  if (key === undefined || key === "") {
    return { status: 401, type: "authentication_error", message: "x-api-key header is required" };
  }
  if (apiKey !== null && key !== apiKey) {
    return { status: 401, type: "authentication_error", message: "invalid x-api-key" };
  }
  const version = headers["anthropic-version"];
  if (version === undefined) return invalid("anthropic-version: header is required");
  if (!apiVersions.has(String(version)))
    return invalid(`anthropic-version: "${String(version)}" is not a valid version`);
  if (!(headers["content-type"] ?? "").includes("application/json")) {
    return invalid("content-type: must be application/json");
  }
  return null;
}

/** What is wrong with the body; null = the request is good. */
export function bodyRefusal(body: unknown, kind: "create" | "count", version: string): ApiError | null {
  if (!isObject(body)) return invalid("Input should be a valid dictionary or object to extract fields from");
  const known = kind === "create" ? requestFields : countFields;
  for (const field of Object.keys(body)) {
    if (!known.has(field)) return invalid(`${field}: Extra inputs are not permitted`);
  }
  for (const field of kind === "create" ? ["model", "max_tokens", "messages"] : ["model", "messages"]) {
    if (body[field] === undefined) return invalid(`${field}: Field required`);
  }
  if (typeof body["model"] !== "string") return invalid("model: Input should be a valid string");
  const model = models.get(body["model"]);
  if (model === undefined) return { status: 404, type: "not_found_error", message: `model: ${body["model"]}` };

  const request = body as unknown as WireRequest;
  const problem = messagesRefusal(request.messages, model.isClassic) ?? systemRefusal(request.system);
  if (problem !== null) return problem;
  const tools = toolsRefusal(request);
  if (tools !== null) return tools;
  const sampling = ["temperature", "top_p", "top_k"].find((name) => body[name] !== undefined);
  if (sampling !== undefined && (version === newestVersion || !model.isClassic)) {
    return invalid(`${sampling}: this parameter is not supported`);
  }
  if (kind === "create") {
    const most = model.maxOutputTokens;
    const { max_tokens: maxTokens } = request;
    if (!Number.isInteger(maxTokens)) return invalid("max_tokens: Input should be a valid integer");
    if (maxTokens < 1) return invalid("max_tokens: Input should be greater than or equal to 1");
    if (maxTokens > most) {
      return invalid(
        `max_tokens: ${maxTokens} > ${most}, which is the maximum allowed number of output tokens for ${request.model}`,
      );
    }
  }
  const output = outputRefusal(body["output_config"]);
  if (output !== null) return output;
  const tokens = inputTokens(request);
  return tokens > model.contextTokens
    ? invalid(`prompt is too long: ${tokens} tokens > ${model.contextTokens} maximum`)
    : null;
}

function messagesRefusal(messages: unknown, allowsPrefill: boolean): ApiError | null {
  if (!Array.isArray(messages)) return invalid("messages: Input should be a valid list");
  if (messages.length === 0) return invalid("messages: at least one message is required");
  for (const [index, message] of (messages as unknown[]).entries()) {
    const problem = messageRefusal(message, index);
    if (problem !== null) return problem;
  }
  const checked = messages as WireMessage[];
  if (checked[0]?.role !== "user") return invalid('messages: first message must use the "user" role');
  if (checked.at(-1)?.role === "assistant" && !allowsPrefill) {
    return invalid(
      "This model does not support assistant message prefill. The conversation must end with a user message.",
    );
  }
  return toolRefusal(checked);
}

function messageRefusal(message: unknown, index: number): ApiError | null {
  if (!isObject(message)) return invalid(`messages.${index}: Input should be a valid dictionary or object`);
  for (const field of Object.keys(message)) {
    if (field !== "role" && field !== "content")
      return invalid(`messages.${index}.${field}: Extra inputs are not permitted`);
  }
  const { role, content } = message;
  if (role !== "user" && role !== "assistant") {
    return invalid(`messages.${index}.role: Input should be 'user' or 'assistant'`);
  }
  if (content === undefined) return invalid(`messages.${index}.content: Field required`);
  if (typeof content !== "string" && !Array.isArray(content)) {
    return invalid(`messages.${index}.content: Input should be a valid string or list`);
  }
  if (content.length === 0) return invalid(`messages.${index}: user messages must have non-empty content`);
  let hasOther = false;
  for (const [position, block] of blocksOf(content as string | WireBlock[]).entries()) {
    const problem = blockRefusal(block, `messages.${index}.content.${position}`, role);
    if (problem !== null) return problem;
    if (block.type === "tool_result" && hasOther)
      return invalid(`messages.${index}: \`tool_result\` blocks must come before all other content`);
    hasOther ||= block.type !== "tool_result";
    if (block.type === "text" && (block.text ?? "").trim() === "") {
      return invalid("messages: text content blocks must contain non-whitespace text");
    }
  }
  return null;
}

const toolFields = new Set(["name", "description", "input_schema", "cache_control", "type", "strict", "max_uses"]);

/** What is wrong with the tools, and with the marks for the cache, of which there are four at most. */
function toolsRefusal({ tools, messages, system }: WireRequest): ApiError | null {
  const names = new Set<string>();
  for (const [index, tool] of (tools ?? []).entries()) {
    const extra = Object.keys(tool).find((field) => !toolFields.has(field));
    if (extra !== undefined) return invalid(`tools.${index}.custom.${extra}: Extra inputs are not permitted`);
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(tool.name))
      return invalid(`tools.${index}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`);
    if (names.has(tool.name)) return invalid("tools: Tool names must be unique.");
    names.add(tool.name);
    if (tool.type === "web_search_20250305") continue;
    if (tool.input_schema?.type !== "object")
      return invalid(`tools.${index}.custom.input_schema.type: Input should be 'object'`);
  }
  const blocks = messages.flatMap(({ content }) => blocksOf(content));
  const hasCalls = blocks.some(({ type }) => type === "tool_use" || type === "tool_result");
  if (hasCalls && names.size === 0)
    return invalid("Requests which include `tool_use` or `tool_result` blocks must define tools");
  const marks = [...blocks, ...blocksOf(system), ...(tools ?? [])].filter((each) => each.cache_control !== undefined);
  return marks.length <= 4
    ? null
    : invalid(`A maximum of 4 blocks with cache_control may be provided. Found ${marks.length}.`);
}

/** What is wrong with a block of a message; null = nothing. */
function blockRefusal(block: WireBlock, at: string, role: unknown): ApiError | null {
  switch (block.type) {
    case "tool_use":
      if (role !== "assistant") return invalid(`${at}: \`tool_use\` blocks can only be in \`assistant\` messages`);
      if (!/^[a-zA-Z0-9_-]+$/.test(block.id ?? ""))
        return invalid(`${at}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`);
      return isObject(block.input) ? null : invalid(`${at}.tool_use.input: Input should be a valid dictionary`);
    case "tool_result":
      if (role !== "user") return invalid(`${at}: \`tool_result\` blocks can only be in \`user\` messages`);
      if (block.content === "") return invalid(`${at}.tool_result: content must be non-empty`);
      return null;
    default:
      return null;
  }
}

/** Every tool_use is answered in the very next message, and every tool_result answers one of the message before. */
function toolRefusal(messages: readonly WireMessage[]): ApiError | null {
  for (const [index, message] of messages.entries()) {
    const before = new Set(idsOf(messages[index - 1], "tool_use"));
    const orphan = idsOf(message, "tool_result").find((id) => !before.has(id));
    if (orphan !== undefined) {
      return invalid(
        `messages.${index}.content.0: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${orphan}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
    }
    const answered = new Set(idsOf(messages[index + 1], "tool_result"));
    const asked = idsOf(message, "tool_use");
    if (new Set(asked).size < asked.length) return invalid("messages: `tool_use` ids must be unique");
    const open = asked.filter((id) => !answered.has(id));
    if (open.length > 0) {
      return invalid(
        `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      );
    }
  }
  return null;
}

function idsOf(message: WireMessage | undefined, type: "tool_use" | "tool_result"): string[] {
  return blocksOf(message?.content)
    .filter((block) => block.type === type)
    .map((block) => (type === "tool_use" ? block.id : block.tool_use_id) ?? "");
}

function systemRefusal(system: unknown): ApiError | null {
  if (system === undefined) return null;
  if (typeof system !== "string" && !Array.isArray(system))
    return invalid("system: Input should be a valid string or list");
  for (const block of blocksOf(system as string | WireBlock[])) {
    if (block.type !== "text") return invalid("system.0.type: Input should be 'text'");
    if ((block.text ?? "") === "") return invalid("system: text content blocks must be non-empty");
  }
  return null;
}

function outputRefusal(config: unknown): ApiError | null {
  if (config === undefined) return null;
  if (!isObject(config)) return invalid("output_config: Input should be a valid dictionary or object");
  for (const field of Object.keys(config)) {
    if (field !== "effort" && field !== "format")
      return invalid(`output_config.${field}: Extra inputs are not permitted`);
  }
  const { effort, format } = config;
  if (effort !== undefined && (typeof effort !== "string" || !efforts.has(effort))) {
    return invalid("output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'");
  }
  if (format === undefined) return null;
  if (!isObject(format) || format["type"] !== "json_schema") {
    return invalid("output_config.format.type: Input should be 'json_schema'");
  }
  const problem = schemaRefusal(format["schema"]);
  return problem === null ? null : invalid(`output_config.format.schema: ${problem}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
