import type { IncomingHttpHeaders } from "node:http";
import type { ApiError } from "../fake-model/api-error.ts";
import { invalid } from "./api-error.ts";
import type { FakeDialect } from "./dialect.ts";
import { schemaRefusal } from "./schema-refusal.ts";
import type { WireMessage, WireRequest } from "./wire.ts";

/** Every other model is unknown: 404. */
export interface FakeModels {
  readonly [model: string]: { readonly contextTokens: number; readonly takesTemperature: boolean };
}

const requestFields = new Set([
  "model",
  "messages",
  "stream",
  "stream_options",
  "max_tokens",
  "max_completion_tokens",
  "temperature",
  "top_p",
  "response_format",
  "reasoning_effort",
  "seed",
  "stop",
  "tools",
  "tool_choice",
  "n",
  "user",
  "metadata",
  "store",
]);
const efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
const roles = ["developer", "system", "user", "assistant", "tool"];

/** What is wrong with the headers, as the real API says it; null = nothing. */
export function headerRefusal(
  headers: IncomingHttpHeaders,
  dialect: FakeDialect,
  apiKey: string | null,
): ApiError | null {
  const key = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
  if (key === undefined && dialect.needsKey) {
    const message = "You didn't provide an API key. You need to provide your API key in an Authorization header.";
    return { status: 401, type: "invalid_request_error", message, code: null };
  }
  if (apiKey !== null && key !== apiKey) {
    const message = `Incorrect API key provided: ${(key ?? "").slice(0, 3)}***.`;
    return { status: 401, type: "invalid_request_error", message, code: "invalid_api_key" };
  }
  return (headers["content-type"] ?? "").includes("application/json")
    ? null
    : invalid("you must provide a JSON body with the content type application/json");
}

/** What is wrong with the body; null = the request is good. */
export function bodyRefusal(body: unknown, dialect: FakeDialect, models: FakeModels): ApiError | null {
  if (typeof body !== "object" || body === null) return invalid("We could not parse the JSON body of your request.");
  const fields = Object.keys(body);
  const unknown = fields.find((field) => !requestFields.has(field));
  if (unknown !== undefined && dialect.isStrict) {
    return invalid(`Unrecognized request argument supplied: ${unknown}`, null, "unknown_parameter");
  }
  const request = body as WireRequest;
  if (typeof request.model !== "string") return invalid("you must provide a model parameter");
  const model = Object.hasOwn(models, request.model) ? models[request.model] : undefined;
  if (model === undefined) return unknownModel(request.model, dialect);
  return (
    messagesRefusal(request.messages) ??
    toolsRefusal(request) ??
    limitRefusal(request, dialect) ??
    formatRefusal(request, dialect) ??
    optionRefusal(request, dialect, model.takesTemperature) ??
    contextRefusal(request, model.contextTokens)
  );
}

function unknownModel(model: string, dialect: FakeDialect): ApiError {
  return dialect.isStrict
    ? {
        status: 404,
        type: "invalid_request_error",
        message: `The model \`${model}\` does not exist or you do not have access to it.`,
        code: "model_not_found",
      }
    : { status: 404, type: "api_error", message: `model "${model}" not found, try pulling it first`, code: null };
}

function messagesRefusal(messages: unknown): ApiError | null {
  if (!Array.isArray(messages) || messages.length === 0) {
    return invalid("Invalid 'messages': empty array. Expected an array with minimum length 1.", "messages");
  }
  for (const [index, message] of (messages as WireMessage[]).entries()) {
    if (!roles.includes(message.role)) return invalid(`Invalid value: '${message.role}'.`, `messages[${index}].role`);
    const isSilent = message.content === null && message.role === "assistant" && message.tool_calls !== undefined;
    if (typeof message.content !== "string" && !isSilent)
      return invalid(`Invalid type for 'messages[${index}].content'.`, `messages[${index}].content`);
  }
  return callsRefusal(messages as WireMessage[]);
}

/** Every call is answered, right after the message that asked for it, and nothing else is. */
function callsRefusal(messages: readonly WireMessage[]): ApiError | null {
  let open = new Set<string>();
  for (const [index, { role, tool_calls: calls, tool_call_id: id = "" }] of messages.entries()) {
    if (role === "tool") {
      if (!open.delete(id))
        return invalid(
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          `messages.[${index}].role`,
        );
      continue;
    }
    if (open.size > 0) return unanswered(open);
    open = new Set((calls ?? []).map((call) => call.id));
    for (const call of calls ?? []) {
      try {
        JSON.parse(call.function.arguments);
      } catch {
        return invalid(`Invalid 'messages[${index}].tool_calls': arguments must be JSON`, `messages[${index}]`);
      }
    }
  }
  return open.size > 0 ? unanswered(open) : null;
}

function unanswered(open: ReadonlySet<string>): ApiError {
  return invalid(
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...open].join(", ")}`,
    "messages",
  );
}

function toolsRefusal({ tools, messages }: WireRequest): ApiError | null {
  for (const [index, tool] of (tools ?? []).entries()) {
    if (tool.type !== "function" || tool.function === undefined)
      return invalid(`Missing required parameter: 'tools[${index}].function'.`, `tools[${index}].function`);
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(tool.function.name))
      return invalid(`Invalid 'tools[${index}].function.name': string does not match pattern.`, `tools[${index}]`);
    if (tool.function.parameters?.type !== "object")
      return invalid(`Invalid schema for function '${tool.function.name}'.`, `tools[${index}].function.parameters`);
  }
  const hasCalls = messages.some(({ tool_calls: calls }) => calls !== undefined);
  return hasCalls && tools === undefined ? invalid("'tools' is required with tool calls", "tools") : null;
}

function limitRefusal(request: WireRequest, dialect: FakeDialect): ApiError | null {
  if (dialect.isStrict && request.max_tokens !== undefined) {
    return invalid(
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      "max_tokens",
      "unsupported_parameter",
    );
  }
  const limit = request.max_completion_tokens ?? request.max_tokens ?? 1;
  return Number.isInteger(limit) && limit >= 1
    ? null
    : invalid("Invalid 'max_tokens': integer below minimum value.", "max_tokens");
}

function formatRefusal({ response_format: format }: WireRequest, dialect: FakeDialect): ApiError | null {
  if (format === undefined) return null;
  if (!dialect.responseFormat) return invalid("response_format is not supported by this server", "response_format");
  if (format.type !== "json_schema") return invalid(`Invalid value: '${format.type}'.`, "response_format.type");
  const given = format.json_schema;
  if (given === undefined || !/^[\w-]{1,64}$/.test(given.name)) {
    return invalid("Missing required parameter: 'response_format.json_schema.name'.", "response_format.json_schema");
  }
  const problem = dialect.isStrict && given.strict === true ? schemaRefusal(given.schema) : null;
  return problem === null
    ? null
    : invalid(`Invalid schema for response_format '${given.name}': ${problem}`, "response_format");
}

function optionRefusal(request: WireRequest, dialect: FakeDialect, takesTemperature: boolean): ApiError | null {
  if (request.stream_options !== undefined && (!dialect.streamOptions || request.stream !== true)) {
    return invalid("stream_options: Extra inputs are not permitted", "stream_options");
  }
  if (dialect.isStrict && request.temperature !== undefined && !takesTemperature) {
    return invalid(
      "Unsupported value: 'temperature' does not support this value with this model. Only the default (1) value is supported.",
      "temperature",
      "unsupported_value",
    );
  }
  const { reasoning_effort: effort } = request;
  return effort === undefined || efforts.includes(effort)
    ? null
    : invalid(`Invalid value: '${effort}'.`, "reasoning_effort");
}

function contextRefusal(request: WireRequest, most: number): ApiError | null {
  const tokens = promptTokens(request);
  if (tokens <= most) return null;
  return invalid(
    `This model's maximum context length is ${most} tokens. However, your messages resulted in ${tokens} tokens. Please reduce the length of the messages.`,
    "messages",
    "context_length_exceeded",
  );
}

/** Four bytes a token, rounded up for each message. */
export function promptTokens({ messages }: WireRequest): number {
  return messages.reduce((sum, { content }) => sum + tokensOf(content ?? ""), 0);
}

/** Four bytes a token, rounded up. */
export function tokensOf(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}
