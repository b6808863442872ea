import { Document, Scalar, visit } from "yaml";
import type { AutoChoice } from "../../plan/auto-model.ts";
import type { Json } from "../../util/json.ts";
import type { Usage } from "../../util/usage.ts";
import type { CallContext, ModelRequest } from "../provider.ts";
import { RECORDING_FORMAT, type RecordedOutcome, type Recording, type RecordingEntry } from "./recording.ts";
import { callsForm, requestForm, requestHash } from "./request-form.ts";

/** The entry of an exchange that has just taken place. */
export function recordingEntry(request: ModelRequest, context: CallContext, outcome: RecordedOutcome): RecordingEntry {
  const { step, attempt } = context;
  return { step, attempt, requestHash: requestHash(request), request, outcome, line: null };
}

/** The text of a recording file: what `readRecording` reads back. Long texts are block scalars, for review. */
export function renderRecording(recording: Recording): string {
  const form = {
    muster_recording: RECORDING_FORMAT,
    origin: recording.origin,
    ...(recording.description !== null && { description: recording.description }),
    ...(recording.auto !== undefined && { auto: autoForm(recording.auto) }),
    entries: recording.entries.map(entryForm),
  };
  const document = new Document(form, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(place, node) {
      if (typeof node.value === "string") node.type = place === "key" ? keyType(node.value) : textType(node.value);
    },
  });
  return document.toString({ lineWidth: 0 });
}

/**
 * A block for lines of text; quotes where a block would change a character: YAML reads a CR as a line end, and the
 * library loses white space at the start of a block.
 */
function textType(text: string): Scalar.Type {
  if (!text.includes("\n")) return Scalar.PLAIN;
  return /^[^\s][\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u.test(text)
    ? Scalar.BLOCK_LITERAL
    : Scalar.QUOTE_DOUBLE;
}

/** A key of an output schema may be anything; without quotes `<<` would be a merge key. */
function keyType(key: string): Scalar.Type {
  return key === "<<" || key.includes("\n") ? Scalar.QUOTE_DOUBLE : Scalar.PLAIN;
}

function autoForm({ because, provider, baseUrl, models }: AutoChoice): Json {
  return { because, provider, ...(baseUrl !== null && { base_url: baseUrl }), models };
}

function entryForm(entry: RecordingEntry): Json {
  return {
    step: entry.step,
    ...(entry.attempt !== null && { attempt: entry.attempt }),
    ...(entry.requestHash !== null && { request_hash: entry.requestHash }),
    ...(entry.request !== null && { request: requestForm(entry.request) }),
    ...outcomeForm(entry.outcome),
  };
}

function outcomeForm(outcome: RecordedOutcome): { readonly [key: string]: Json } {
  if (outcome.type === "done") {
    const { text, stopReason, model, usage, costUsd, toolCalls, opaque } = outcome.reply;
    return {
      reply: {
        ...(model !== null && { model }),
        stop_reason: stopReason,
        ...(usage && { usage: usageForm(usage) }),
        ...(costUsd !== undefined && { cost_usd: costUsd }),
        text,
        ...(toolCalls !== undefined && { tool_calls: callsForm(toolCalls) }),
        ...(opaque !== undefined && { opaque }),
      },
    };
  }
  const { class: failureClass, code, message, help, retryAfterMs, partial } = outcome.failure;
  return {
    failure: {
      class: failureClass,
      code,
      message,
      ...(help !== null && { help }),
      ...(retryAfterMs !== null && { retry_after_ms: retryAfterMs }),
      ...(outcome.usage && { usage: usageForm(outcome.usage) }),
      ...(partial !== null && { partial }),
    },
  };
}

function usageForm(usage: Usage): Json {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cache_read_tokens: usage.cacheReadTokens,
    cache_write_tokens: usage.cacheWriteTokens,
  };
}
