import { describe, expect, it } from "vitest";
import { readRecording } from "../../../../src/provider/recording/read.ts";
import type { RecordingEntry } from "../../../../src/provider/recording/recording.ts";
import { recordingEntry } from "../../../../src/provider/recording/render.ts";
import { createReplayProvider } from "../../../../src/provider/recording/replay-provider.ts";
import { requestHash } from "../../../../src/provider/recording/request-form.ts";
import type { ModelRequest, Provider } from "../../../../src/provider/provider.ts";
import { failure } from "../../../../src/run/failure.ts";
import { callContext, failureOf, modelRequest, replyOf } from "../../../rig/model-call.ts";

function scripted(text: string): Provider {
  const recording = readRecording({
    path: "review.recording.yaml",
    text: `muster_recording: 1\norigin: scripted\nentries:\n${text}`,
  });
  if (!recording.ok) throw new Error(JSON.stringify(recording.error));
  return createReplayProvider({ recording: recording.value });
}

function recorded(entries: readonly RecordingEntry[]): Provider {
  const path = "review.recording.yaml";
  return createReplayProvider({ recording: { path, origin: "recorded", description: null, entries } });
}

function answer(text: string, step: string, attempt: number, request: ModelRequest = modelRequest()): RecordingEntry {
  const reply = { text, stopReason: "end" as const, model: null, usage: null };
  return recordingEntry(request, callContext({ step, attempt }), { type: "done", reply });
}

async function textOf(provider: Provider, step: string, attempt: number, request?: ModelRequest): Promise<string> {
  return (await replyOf(provider, request, callContext({ step, attempt }))).text;
}

describe("a recorded replay", () => {
  it("answers a request of its own step and attempt, though others sent the same", async () => {
    const provider = recorded([answer("first", "a[0]", 1), answer("second", "a[1]", 1), answer("again", "a[1]", 2)]);
    expect(await textOf(provider, "a[1]", 1)).toBe("second");
    expect(await textOf(provider, "a[1]", 2)).toBe("again");
    expect(await textOf(provider, "a[0]", 1)).toBe("first");
    expect(await textOf(provider, "a[1]", 9)).toBe("again");
    expect(await textOf(provider, "b", 1)).toBe("first");
  });

  it("answers the calls of one attempt in their order, and the last one again and again", async () => {
    const wait = failure("rate_limit", "http_429", "slow down", { retryAfterMs: 1 });
    const first = recordingEntry(modelRequest(), callContext(), { type: "failed", failure: wait, usage: null });
    const provider = recorded([first, answer("then", "draft", 1)]);
    expect((await failureOf(provider)).failure).toEqual(wait);
    expect(await textOf(provider, "draft", 1)).toBe("then");
    expect(await textOf(provider, "draft", 1)).toBe("then");
  });

  it("does not answer a request that differs in anything that is sent", async () => {
    const provider = recorded([answer("yes", "draft", 1)]);
    for (const more of [
      { model: "m" },
      { system: "Be" },
      { maxTokens: 7 },
      { temperature: 0 },
      { effort: "low" },
      { outputSchema: true },
    ]) {
      expect((await failureOf(provider, modelRequest(more))).failure.code).toBe("replay_miss");
    }
  });

  it("shows the nearest request of the same step when it has no answer", async () => {
    const system = "You are terse.\nYou are kind.\nYou are done.";
    const task = (text: string): ModelRequest => modelRequest({ system, messages: [{ role: "user", text }] });
    const provider = recorded([
      answer("other step, same text", "other", 1, task("Review this:\nline one\nline two, changed")),
      answer("far", "draft[0]", 1, task("Something else altogether")),
      answer("near", "draft[1]", 1, task("Review this:\nline one\nline two")),
    ]);
    const { failure: miss } = await failureOf(
      provider,
      { ...task("Review this:\nline one\nline two, changed"), maxTokens: 2000 },
      callContext({ step: "draft[2]" }),
    );
    expect(miss).toEqual({
      class: "invalid",
      code: "replay_miss",
      message: `review.recording.yaml has no answer to this request of step 'draft[2]', attempt 1
the nearest is step 'draft[1]', attempt 1:
  - max_tokens: 1000
  + max_tokens: 2000
  - user: line two
  + user: line two, changed`,
      help: "what is sent has changed since the recording was made: the workflow, its inputs, a file it reads, or the model; record it again",
      retryAfterMs: null,
      partial: null,
    });
  });

  it("misses in bounded time and words, however large the requests are", async () => {
    const large = (word: string): ModelRequest =>
      modelRequest({ messages: [{ role: "user", text: `${word} ${"x".repeat(200)}\n`.repeat(2000) }] });
    const provider = recorded(Array.from({ length: 50 }, (_, index) => answer("a", "draft", 1, large(`a${index}`))));
    const { failure: miss } = await failureOf(provider, large("b"));
    expect(miss.message.length).toBeLessThan(3000);
    expect(miss.message).toContain("more changed lines");
  });
});

describe("a scripted replay", () => {
  it("answers by step, the most specific entry first", async () => {
    const provider = scripted(`
  - { step: review, reply: { text: any } }
  - { step: review, attempt: 2, reply: { text: second attempt } }
  - { step: "review[1]", reply: { text: item 1 } }
  - { step: "review[1]", attempt: 3, reply: { text: "item 1, attempt 3" } }
`);
    expect(await textOf(provider, "review[0]", 1)).toBe("any");
    expect(await textOf(provider, "review[0]", 2)).toBe("second attempt");
    expect(await textOf(provider, "review[1]", 2)).toBe("item 1");
    expect(await textOf(provider, "review[1]", 3)).toBe("item 1, attempt 3");
    expect(await textOf(provider, "review", 1)).toBe("any");
  });

  it("answers call after call, each item for itself, the last one again and again", async () => {
    const provider = scripted(`
  - { step: review, reply: { text: one } }
  - { step: review, failure: { class: server, code: http_500, message: oops } }
  - { step: review, reply: { text: three } }
`);
    expect(await textOf(provider, "review[0]", 1)).toBe("one");
    expect((await failureOf(provider, modelRequest(), callContext({ step: "review[0]" }))).failure.message).toBe(
      "oops",
    );
    expect(await textOf(provider, "review[1]", 1)).toBe("one");
    expect(await textOf(provider, "review[0]", 2)).toBe("three");
    expect(await textOf(provider, "review[0]", 3)).toBe("three");
  });

  it("says a value as JSON, and answers under the name of the model that was asked", async () => {
    const provider = scripted("  - { step: draft, reply: { json: { verdict: approve, points: [1, 2] } } }");
    expect(await replyOf(provider)).toEqual({
      text: '{"verdict":"approve","points":[1,2]}',
      stopReason: "end",
      model: "claude-haiku-5-5",
      usage: null,
    });
    expect(provider.origin).toBe("scripted");
  });

  it("prefers an entry of the very request", async () => {
    const provider = scripted(`
  - { step: draft, reply: { text: by step } }
  - { step: elsewhere, request_hash: ${requestHash(modelRequest())}, reply: { text: by request } }
`);
    expect(await textOf(provider, "draft", 1)).toBe("by request");
    expect(await textOf(provider, "draft", 1, modelRequest({ system: "Other" }))).toBe("by step");
  });

  it("names the step that has no entry", async () => {
    const { failure: miss } = await failureOf(scripted("  - { step: review, reply: { text: a } }"));
    expect(miss).toMatchObject({
      class: "invalid",
      code: "replay_miss",
      message: "review.recording.yaml has no answer to this request of step 'draft', attempt 1",
      help: "add an entry for `step: draft` to the recording",
    });
  });
});

it("the hash of a request is that of its canonical JSON as the file spells it", () => {
  expect(requestHash(modelRequest({ system: "Be terse." }))).toBe(
    "a315475132822aeff22a0b6e4f17a7de11d79f14090e25d3e052be39dbf8c9c0",
  );
});
