import type { Diagnostic } from "../../diagnostic/diagnostic.ts";
import type { SourceFile } from "../../diagnostic/source.ts";
import { readDocument } from "../../manifest/read.ts";
import type { AutoChoice } from "../../plan/auto-model.ts";
import { providerNames } from "../../plan/provider-name.ts";
import { failureClasses } from "../../plan/types.ts";
import { failure } from "../../run/failure.ts";
import type { Usage } from "../../util/usage.ts";
import { isJsonObject, type JsonObject } from "../../util/json.ts";
import { err, ok, type Result } from "../../util/result.ts";
import type { Message, ModelReply, ModelRequest, ToolCall, ToolResult, ToolSpec } from "../provider.ts";
import { FormReader, type Place } from "../../manifest/form-reader.ts";
import { RECORDING_FORMAT, type RecordedOutcome, type Recording, type RecordingEntry } from "./recording.ts";

/** The largest recording: it holds whole exchanges, so it may be larger than a manifest. Bytes. */
const LARGEST_FILE = 64 * 1024 * 1024;

const origins = ["recorded", "scripted"] as const;
const stopReasons: readonly ModelReply["stopReason"][] = ["end", "tools", "max_tokens", "refusal", "other"];

/** Reads a recording file (schemas/recording.v1.json); all that is wrong with it at once. */
export function readRecording(source: SourceFile): Result<Recording, readonly Diagnostic[]> {
  const document = readDocument(source, LARGEST_FILE);
  if (!document.ok) return document;
  const reader = new FormReader(document.value);
  const recording = fileOf(reader, source.path);
  return recording === null || reader.diagnostics.length > 0 ? err(reader.diagnostics) : ok(recording);
}

function fileOf(reader: FormReader, path: string): Recording | null {
  const file = reader.map(reader.root, "a recording", ["muster_recording", "origin", "description", "auto", "entries"]);
  const format = file && reader.integer(file("muster_recording"), "muster_recording", 1);
  if (file === null || format === null) return null;
  if (format !== RECORDING_FORMAT) {
    const message = `the recording has format ${format}, and this version of muster reads format ${RECORDING_FORMAT}`;
    return reader.problem(
      file("muster_recording"),
      "WF2004",
      message,
      "use the version of muster that wrote it, or a newer one",
    );
  }
  const origin = reader.oneOf(file("origin"), "origin", origins);
  const description = reader.optional(file("description"), (place) => reader.text(place, "description"));
  const auto = reader.optional(file("auto"), (place) => autoOf(reader, place));
  const entries = reader.list(file("entries"), "entries").map((place) => entryOf(reader, place, origin));
  const told = entries.filter((entry) => entry !== null);
  return origin && { path, origin, description, ...(auto !== null && { auto }), entries: told };
}

function autoOf(reader: FormReader, place: Place): AutoChoice | null {
  const auto = reader.map(place, "auto", ["because", "provider", "base_url", "models"]);
  const names = ["default", "fast", "strong"] as const;
  const models = auto && reader.map(auto("models"), "models", names);
  if (auto === null || models === null) return null;
  const because = reader.text(auto("because"), "because");
  const provider = reader.oneOf(auto("provider"), "provider", providerNames);
  const baseUrl = reader.optional(auto("base_url"), (value) => reader.text(value, "base_url"));
  const [usual, fast, strong] = names.map((name) => reader.text(models(name), name));
  if (because === null || provider === null || usual == null || fast == null || strong == null) return null;
  return { because, provider, baseUrl, models: { default: usual, fast, strong } };
}

function entryOf(reader: FormReader, place: Place, origin: Recording["origin"] | null): RecordingEntry | null {
  const keys = ["step", "attempt", "request_hash", "request", "reply", "failure"] as const;
  const entry = reader.map(place, "an entry", keys);
  if (entry === null) return null;
  if (origin === "recorded") {
    for (const key of ["attempt", "request_hash", "request"] as const) {
      if (entry(key).value !== undefined) continue;
      reader.problem(
        place,
        "WF2002",
        `${key} is missing in a recorded entry`,
        "only with `origin: scripted` may it be left out",
      );
    }
  }
  const step = reader.text(entry("step"), "step");
  const attempt = reader.optional(entry("attempt"), (value) => reader.integer(value, "attempt", 1));
  const hash = reader.optional(entry("request_hash"), (value) => hashOf(reader, value));
  const request = reader.optional(entry("request"), (value) => requestOf(reader, value));
  const outcome = outcomeOf(reader, place, entry("reply"), entry("failure"));
  if (step === null || outcome === null) return null;
  return { step, attempt, requestHash: hash, request, outcome, line: reader.lineOf(place) };
}

function hashOf(reader: FormReader, place: Place): string | null {
  const text = reader.text(place, "request_hash");
  if (text === null || /^[0-9a-f]{64}$/.test(text)) return text;
  return reader.problem(place, "WF2006", "request_hash must be 64 hex digits in lower case");
}

function requestOf(reader: FormReader, place: Place): ModelRequest | null {
  const keys = [
    "model",
    "max_tokens",
    "temperature",
    "effort",
    "system",
    "messages",
    "output_schema",
    "tools",
  ] as const;
  const request = reader.map(place, "a request", keys);
  if (request === null) return null;
  const model = reader.text(request("model"), "model");
  const maxTokens = reader.integer(request("max_tokens"), "max_tokens", 1);
  const messages = reader.list(request("messages"), "messages").map((message) => messageOf(reader, message));
  const temperature = reader.optional(request("temperature"), (value) => reader.number(value, "temperature"));
  const effort = reader.optional(request("effort"), (value) => reader.text(value, "effort"));
  const system = reader.optional(request("system"), (value) => reader.text(value, "system"));
  const outputSchema = reader.optional(request("output_schema"), (value) => {
    if (isJsonObject(value.value) || typeof value.value === "boolean") return value.value;
    return reader.problem(value, "WF2003", "output_schema must be a JSON Schema");
  });
  if (model === null || maxTokens === null) return null;
  const told = messages.filter((message) => message !== null);
  const tools = reader.optional(request("tools"), (value) => listOf(reader, value, "tools", toolOf));
  return {
    model,
    system,
    messages: told,
    maxTokens,
    temperature,
    effort,
    outputSchema,
    ...(tools !== null && { tools }),
  };
}

function messageOf(reader: FormReader, place: Place): Message | null {
  const message = reader.map(place, "a message", ["role", "text", "tool_calls", "tool_results", "opaque"]);
  if (message === null) return null;
  const role = reader.oneOf(message("role"), "role", ["user", "assistant"] as const);
  const text = reader.text(message("text"), "text");
  const calls = reader.optional(message("tool_calls"), (value) => listOf(reader, value, "tool_calls", callOf));
  const results = reader.optional(message("tool_results"), (value) => listOf(reader, value, "tool_results", resultOf));
  const opaque = reader.optional(message("opaque"), (value) => listOf(reader, value, "opaque", objectOf));
  if (role === null || text === null) return null;
  return {
    role,
    text,
    ...(calls !== null && { toolCalls: calls }),
    ...(results !== null && { toolResults: results }),
    ...(opaque !== null && { opaque }),
  };
}

function listOf<Entry>(
  reader: FormReader,
  place: Place,
  name: string,
  read: (reader: FormReader, place: Place) => Entry | null,
): readonly Entry[] {
  return reader.list(place, name).flatMap((each) => read(reader, each) ?? []);
}

function objectOf(reader: FormReader, place: Place): JsonObject | null {
  return isJsonObject(place.value) ? place.value : reader.problem(place, "WF2003", "this must be a map");
}

function toolOf(reader: FormReader, place: Place): ToolSpec | null {
  const tool = reader.map(place, "a tool", ["name", "description", "input_schema"]);
  if (tool === null) return null;
  const name = reader.text(tool("name"), "name");
  const description = reader.text(tool("description"), "description");
  const inputSchema = objectOf(reader, tool("input_schema"));
  return name === null || description === null || inputSchema === null ? null : { name, description, inputSchema };
}

function callOf(reader: FormReader, place: Place): ToolCall | null {
  const call = reader.map(place, "a call of a tool", ["id", "name", "input"]);
  if (call === null) return null;
  const id = reader.text(call("id"), "id");
  const name = reader.text(call("name"), "name");
  const input = call("input").value === null ? null : objectOf(reader, call("input"));
  return id === null || name === null ? null : { id, name, input };
}

function resultOf(reader: FormReader, place: Place): ToolResult | null {
  const result = reader.map(place, "a result of a tool", ["id", "text", "is_error"]);
  if (result === null) return null;
  const id = reader.text(result("id"), "id");
  const text = reader.text(result("text"), "text");
  return id === null || text === null ? null : { id, text, isError: result("is_error").value === true };
}

function outcomeOf(reader: FormReader, entry: Place, reply: Place, failed: Place): RecordedOutcome | null {
  if (reply.value !== undefined && failed.value === undefined) return replyOf(reader, reply);
  if (reply.value === undefined && failed.value !== undefined) return failedOf(reader, failed);
  return reader.problem(entry, "WF2008", "an entry has either a reply or a failure");
}

function replyOf(reader: FormReader, place: Place): RecordedOutcome | null {
  const keys = ["model", "stop_reason", "usage", "cost_usd", "text", "json", "tool_calls", "opaque"] as const;
  const reply = reader.map(place, "a reply", keys);
  if (reply === null) return null;
  const model = reader.optional(reply("model"), (value) => reader.text(value, "model"));
  const stopReason = reader.optional(reply("stop_reason"), (value) => reader.oneOf(value, "stop_reason", stopReasons));
  const usage = reader.optional(reply("usage"), (value) => usageOf(reader, value));
  const costUsd = reader.optional(reply("cost_usd"), (value) => reader.number(value, "cost_usd"));
  const toolCalls = reader.optional(reply("tool_calls"), (value) => listOf(reader, value, "tool_calls", callOf));
  const opaque = reader.optional(reply("opaque"), (value) => listOf(reader, value, "opaque", objectOf));
  const isSilent = toolCalls !== null && reply("text").value === undefined && reply("json").value === undefined;
  const text = isSilent ? "" : replyTextOf(reader, place, reply("text"), reply("json"));
  if (text === null) return null;
  const more = {
    ...(costUsd !== null && { costUsd }),
    ...(toolCalls !== null && { toolCalls }),
    ...(opaque !== null && { opaque }),
  };
  const usual = toolCalls === null ? "end" : "tools";
  return { type: "done", reply: { text, model, stopReason: stopReason ?? usual, usage, ...more } };
}

/** `json` is a kindness to authors: the value as YAML instead of JSON inside a text. */
function replyTextOf(reader: FormReader, reply: Place, text: Place, json: Place): string | null {
  if (text.value !== undefined && json.value === undefined) return reader.text(text, "text");
  if (text.value === undefined && json.value !== undefined) return JSON.stringify(json.value);
  return reader.problem(reply, "WF2008", "a reply has either a text or json");
}

function failedOf(reader: FormReader, place: Place): RecordedOutcome | null {
  const keys = ["class", "code", "message", "help", "retry_after_ms", "usage", "partial"] as const;
  const failed = reader.map(place, "a failure", keys);
  if (failed === null) return null;
  const failureClass = reader.oneOf(failed("class"), "class", failureClasses);
  const code = reader.text(failed("code"), "code");
  const message = reader.text(failed("message"), "message");
  const help = reader.optional(failed("help"), (value) => reader.text(value, "help"));
  const retryAfterMs = reader.optional(failed("retry_after_ms"), (value) => reader.integer(value, "retry_after_ms", 0));
  const usage = reader.optional(failed("usage"), (value) => usageOf(reader, value));
  const partial = reader.optional(failed("partial"), (value) => reader.text(value, "partial"));
  if (failureClass === null || code === null || message === null) return null;
  return { type: "failed", failure: failure(failureClass, code, message, { help, retryAfterMs, partial }), usage };
}

function usageOf(reader: FormReader, place: Place): Usage | null {
  const keys = ["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"] as const;
  const usage = reader.map(place, "usage", keys);
  if (usage === null) return null;
  const tokens = (key: (typeof keys)[number]): number =>
    reader.optional(usage(key), (value) => reader.integer(value, key, 0)) ?? 0;
  return {
    inputTokens: tokens("input_tokens"),
    outputTokens: tokens("output_tokens"),
    cacheReadTokens: tokens("cache_read_tokens"),
    cacheWriteTokens: tokens("cache_write_tokens"),
    calls: 1,
  };
}
