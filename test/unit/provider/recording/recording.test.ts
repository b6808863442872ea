import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createRecorder } from "../../../../src/provider/recording/record-provider.ts";
import { readRecording } from "../../../../src/provider/recording/read.ts";
import type { Recording, RecordingEntry } from "../../../../src/provider/recording/recording.ts";
import { recordingEntry, renderRecording } from "../../../../src/provider/recording/render.ts";
import { createReplayProvider } from "../../../../src/provider/recording/replay-provider.ts";
import { failure } from "../../../../src/run/failure.ts";
import { callContext, eventsOf, modelRequest } from "../../../rig/model-call.ts";

const schema = new Ajv2020({ strict: false }).compile(
  JSON.parse(readFileSync(new URL("../../../../schemas/recording.v1.json", import.meta.url), "utf8")) as object,
);

function read(text: string): Recording {
  const recording = readRecording({ path: "a.recording.yaml", text });
  if (!recording.ok) throw new Error(JSON.stringify(recording.error, null, 2));
  return recording.value;
}

function recordingOf(entries: readonly RecordingEntry[]): Recording {
  return { path: null, origin: "recorded", description: "A run", entries };
}

const request = modelRequest({
  system: "You are terse.\nYou are kind.",
  effort: "low",
  outputSchema: { type: "object", properties: { on: { type: "boolean" } } },
});
const usage = { inputTokens: 20, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 9, calls: 1 };
const done = {
  type: "done" as const,
  reply: { text: "Blue:\n  as the sky\n", stopReason: "end" as const, model: "claude-haiku-5-5-20261001", usage },
};
const failed = {
  type: "failed" as const,
  failure: failure("rate_limit", "http_429", "slow down", { help: "wait", retryAfterMs: 2000, partial: "Bl" }),
  usage: null,
};

describe("a recording file", () => {
  it("keeps what auto was", () => {
    const models = { default: "qwen4:8b", fast: "gemma4:1b", strong: "llama4:70b" };
    const local = { because: "Ollama answers", provider: "ollama", baseUrl: "http://127.0.0.1:11434", models } as const;
    for (const auto of [local, { ...local, baseUrl: null }]) {
      const text = renderRecording({ ...recordingOf([]), auto });
      expect(schema(parse(text))).toBe(true);
      expect(read(text).auto).toEqual(auto);
    }
  });

  it("reads well: texts are blocks, what is not set is left out", () => {
    const entries = [
      recordingEntry(request, callContext({ step: "colour[2]" }), failed),
      recordingEntry(request, callContext({ step: "colour[2]", attempt: 2 }), done),
    ];
    expect(renderRecording(recordingOf(entries))).toBe(`muster_recording: 1
origin: recorded
description: A run
entries:
  - step: colour[2]
    attempt: 1
    request_hash: ${entries[0]?.requestHash}
    request:
      model: claude-haiku-5-5
      max_tokens: 1000
      effort: low
      system: |-
        You are terse.
        You are kind.
      messages:
        - role: user
          text: Name a colour.
      output_schema:
        type: object
        properties:
          on:
            type: boolean
    failure:
      class: rate_limit
      code: http_429
      message: slow down
      help: wait
      retry_after_ms: 2000
      partial: Bl
  - step: colour[2]
    attempt: 2
    request_hash: ${entries[0]?.requestHash}
    request:
      model: claude-haiku-5-5
      max_tokens: 1000
      effort: low
      system: |-
        You are terse.
        You are kind.
      messages:
        - role: user
          text: Name a colour.
      output_schema:
        type: object
        properties:
          on:
            type: boolean
    reply:
      model: claude-haiku-5-5-20261001
      stop_reason: end
      usage:
        input_tokens: 20
        output_tokens: 5
        cache_read_tokens: 0
        cache_write_tokens: 9
      text: |
        Blue:
          as the sky
`);
  });

  it("what was recorded from a provider loads and answers the same again", async () => {
    const live = createReplayProvider({
      recording: {
        ...recordingOf([]),
        origin: "scripted",
        entries: [{ step: "draft", attempt: null, requestHash: null, request: null, outcome: done, line: null }],
      },
    });
    const entries: RecordingEntry[] = [];
    const events = await eventsOf(
      createRecorder(live, (entry) => void entries.push(entry)),
      request,
    );
    const replayed = createReplayProvider({ recording: read(renderRecording(recordingOf(entries))) });
    expect(await eventsOf(replayed, request)).toEqual(events);
    expect(replayed.origin).toBe("recorded");
  });

  it("keeps every text and every value, and fits its schema", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "grapheme" }),
      fc.string({
        unit: fc.constantFrom(
          "\n",
          "\r",
          "\t",
          " ",
          "#",
          ": ",
          "- ",
          "'",
          '"',
          "\\",
          "|",
          "é",
          "\u2028",
          "\u0085",
          "\uFEFF",
          "\0",
          "a",
          "{",
          "&",
        ),
      }),
    );
    const entry = fc
      .record({
        system: fc.option(text),
        user: text,
        reply: text,
        step: fc.constantFrom("a", "a[1]"),
        json: fc.jsonValue().filter((value) => !/\d{16}/.test(JSON.stringify(value))),
      })
      .map(({ system, user, reply, step, json }) =>
        recordingEntry(
          modelRequest({
            system,
            messages: [{ role: "user", text: user }],
            temperature: 0.5,
            // -0 is no JSON value; a manifest cannot hold integers of 16 digits.
            outputSchema: JSON.parse(JSON.stringify({ const: json, description: user })) as { const: string },
          }),
          callContext({ step }),
          { type: "done", reply: { text: reply, stopReason: "end", model: null, usage } },
        ),
      );
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 3 }), (entries) => {
        const rendered = renderRecording(recordingOf(entries));
        const again = read(rendered);
        expect(again.entries.map((one) => ({ ...one, line: null }))).toEqual(entries);
        expect(schema(parse(rendered)), JSON.stringify(schema.errors)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a recording that is wrong", () => {
  it("is told all at once, with places and a way out", () => {
    const text = `muster_recording: 1
origin: recorded
entires: []
entries:
  - step: draft
    reply: { text: Blue, stop_reason: done }
  - attempt: 0
    request_hash: 12ab
    request: { model: m, max_tokens: many, messages: { role: user } }
    reply: { text: a, json: b }
  - step: draft
    attempt: 1
`;
    const result = readRecording({ path: "a.yaml", text });
    const told = result.ok ? [] : result.error.map(({ span, code, message, help }) => [span.line, code, message, help]);
    expect(told.toSorted(([a], [b]) => Number(a) - Number(b))).toEqual([
      [3, "WF2001", "unknown key 'entires' in a recording", "did you mean 'entries'?"],
      [5, "WF2002", "attempt is missing in a recorded entry", "only with `origin: scripted` may it be left out"],
      [5, "WF2002", "request_hash is missing in a recorded entry", "only with `origin: scripted` may it be left out"],
      [5, "WF2002", "request is missing in a recorded entry", "only with `origin: scripted` may it be left out"],
      [6, "WF2004", "stop_reason must be one of end, tools, max_tokens, refusal, other", null],
      [7, "WF2002", "step is missing", null],
      [7, "WF2005", "attempt must be a whole number from 1 on", null],
      [8, "WF2006", "request_hash must be 64 hex digits in lower case", null],
      [9, "WF2003", "max_tokens must be a number", null],
      [9, "WF2003", "messages must be a list", null],
      [10, "WF2008", "a reply has either a text or json", null],
      [11, "WF2002", "request_hash is missing in a recorded entry", "only with `origin: scripted` may it be left out"],
      [11, "WF2002", "request is missing in a recorded entry", "only with `origin: scripted` may it be left out"],
      [11, "WF2008", "an entry has either a reply or a failure", null],
    ]);
  });

  it.each([
    ["a newer format", "muster_recording: 2\norigin: recorded\nentries: []\n", "WF2004"],
    ["another file", "muster: 1\nname: review\n", "WF2001"],
    ["no YAML", "entries: [\n", "WF1001"],
    ["a list", "- a\n", "WF2003"],
    ["two keys alike", "muster_recording: 1\norigin: scripted\norigin: recorded\nentries: []\n", "WF1004"],
  ])("%s", (_what, text, code) => {
    const result = readRecording({ path: "a.yaml", text });
    expect(result.ok ? [] : result.error.map((diagnostic) => diagnostic.code)).toContain(code);
  });

  it("is wrong for its schema too", () => {
    for (const text of [
      "muster_recording: 2\norigin: recorded\nentries: []\n",
      "muster_recording: 1\norigin: recorded\nentries: [{ step: a, reply: { text: b } }]\n",
      "muster_recording: 1\norigin: scripted\nentries: [{ step: a }]\n",
      "muster_recording: 1\norigin: scripted\nentries: [{ step: a, reply: { text: a, json: b } }]\n",
      "muster_recording: 1\norigin: scripted\nentries: [{ step: a, failure: { class: odd, code: a, message: b } }]\n",
    ]) {
      expect([schema(parse(text)), readRecording({ path: "a.yaml", text }).ok]).toEqual([false, false]);
    }
  });
});
