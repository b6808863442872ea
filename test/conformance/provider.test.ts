import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createOllamaProvider } from "../../src/provider/openai/ollama.ts";
import { createOpenaiProvider } from "../../src/provider/openai.ts";
import { createAnthropicProvider } from "../../src/provider/anthropic.ts";
import { createRecorder } from "../../src/provider/recording/record-provider.ts";
import { createReplayProvider } from "../../src/provider/recording/replay-provider.ts";
import type { RecordingEntry } from "../../src/provider/recording/recording.ts";
import { requestHash } from "../../src/provider/recording/request-form.ts";
import type { ModelEvent, Provider } from "../../src/provider/provider.ts";
import { failure } from "../../src/run/failure.ts";
import { startFakeAnthropic, type FakeAnthropic } from "../rig/fake-anthropic/fake-anthropic.ts";
import { ollama, plain, type FakeDialect } from "../rig/fake-openai/dialect.ts";
import { startFakeOpenai } from "../rig/fake-openai/fake-openai.ts";
import { callContext, eventsOf, modelRequest } from "../rig/model-call.ts";

// What every provider must do. Each one is set up so that `answered` gets the text "The sky is blue." in reply, `refused`
// fails with class `overloaded`, and `unanswered` never gets an answer.
const answered = modelRequest({ messages: [{ role: "user", text: "Name a colour." }] });
const refused = modelRequest({ messages: [{ role: "user", text: "Fail, please." }] });
const unanswered = modelRequest({ messages: [{ role: "user", text: "Say nothing." }] });

interface Subject {
  readonly provider: Provider;
  /** It says what a call used. */
  readonly tellsUsage?: boolean;
  close(): Promise<void>;
}

const subjects: { readonly name: string; readonly open: () => Promise<Subject> }[] = [
  { name: "anthropic", open: openAnthropic },
  { name: "anthropic, recorded", open: openRecorder },
  { name: "openai", open: () => openOpenai() },
  { name: "openai, with a plain server", open: () => openOpenai(plain) },
  { name: "ollama", open: openOllama },
  { name: "replay", open: openReplay },
];

async function openAnthropic(): Promise<Subject & { readonly fake: FakeAnthropic }> {
  const fake = await startFakeAnthropic({ answers: () => "The sky is blue." });
  fake.on("Fail, please.", { kind: "fail", status: 529, type: "overloaded_error", message: "Overloaded" });
  fake.on("Say nothing.", { kind: "hang" });
  return {
    fake,
    provider: createAnthropicProvider({ apiKey: "sk-test", baseUrl: fake.url }),
    close: () => fake.close(),
  };
}

async function startOpenai(dialect?: FakeDialect) {
  const models = [answered.model];
  const fake = await startFakeOpenai({ answers: () => "The sky is blue.", models, ...(dialect && { dialect }) });
  fake.on("Fail, please.", { kind: "fail", status: 529, type: "server_error", message: "Overloaded" });
  return fake;
}

async function openOpenai(dialect?: FakeDialect): Promise<Subject> {
  const fake = await startOpenai(dialect);
  const provider = createOpenaiProvider({ apiKey: dialect ? null : "sk-test", baseUrl: `${fake.url}/v1` });
  return { provider, tellsUsage: dialect === undefined, close: () => fake.close() };
}

async function openOllama(): Promise<Subject> {
  const fake = await startOpenai(ollama);
  return { provider: createOllamaProvider({ apiKey: null, address: fake.url }), close: () => fake.close() };
}

async function openRecorder(): Promise<Subject> {
  const { provider, close } = await openAnthropic();
  return { provider: createRecorder(provider, () => {}), close };
}

function openReplay(): Promise<Subject> {
  const entry = { step: "draft", attempt: 1, line: null };
  const usage = { inputTokens: 4, outputTokens: 4, cacheReadTokens: 0, cacheWriteTokens: 0, calls: 1 };
  const reply = { text: "The sky is blue.", stopReason: "end" as const, model: null, usage };
  const overloaded = failure("overloaded", "http_529", "Overloaded");
  const entries: RecordingEntry[] = [
    { ...entry, request: answered, requestHash: requestHash(answered), outcome: { type: "done", reply } },
    {
      ...entry,
      request: refused,
      requestHash: requestHash(refused),
      outcome: { type: "failed", failure: overloaded, usage: null },
    },
  ];
  const recording = { path: null, origin: "recorded" as const, description: null, entries };
  return Promise.resolve({ provider: createReplayProvider({ recording }), close: () => Promise.resolve() });
}

describe.each(subjects)("the provider $name", ({ open }) => {
  let subject: Subject;
  beforeAll(async () => {
    subject = await open();
  });
  afterAll(() => subject.close());

  it("gives the text as it comes and then exactly one reply that holds all of it", async () => {
    const events = await eventsOf(subject.provider, answered);
    expect(events.slice(0, -1).every(({ type }) => type === "text")).toBe(true);
    expect(textOf(events)).toBe("The sky is blue.");
    expect(events.at(-1)).toMatchObject({
      type: "done",
      reply: {
        text: "The sky is blue.",
        stopReason: "end",
        model: "claude-haiku-5-5",
        usage: subject.tellsUsage === false ? null : { calls: 1 },
      },
    });
  });

  it("tells a failure as its last event and never throws", async () => {
    const events = await eventsOf(subject.provider, refused);
    expect(events).toMatchObject([
      { type: "failed", failure: { class: "overloaded", code: "http_529", partial: null } },
    ]);
  });

  it("answers a call whose signal has fired already with `cancelled`, and sends nothing", async () => {
    const events = await eventsOf(subject.provider, answered, callContext({ signal: AbortSignal.abort() }));
    expect(events).toMatchObject([{ type: "failed", failure: { class: "cancelled", code: "cancelled" }, usage: null }]);
  });

  it("keeps calls at the same time apart", async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => eventsOf(subject.provider, answered)));
    expect(all.map(textOf)).toEqual(Array.from({ length: 20 }, () => "The sky is blue."));
  });

  it("can be left in the middle of a reply", async () => {
    for await (const event of subject.provider.call(answered, callContext())) {
      expect(event.type).toBe("text");
      break;
    }
    expect((await eventsOf(subject.provider, answered)).at(-1)?.type).toBe("done");
  });

  it("has a name and says where its answers come from", () => {
    expect(subject.provider.name).toMatch(/^[a-z][a-z0-9-]*$/);
    expect(["live", "recorded", "scripted", "simulated"]).toContain(subject.provider.origin);
  });
});

it("a call that waits for its answer ends when its signal fires", async () => {
  const { fake, provider, close } = await openAnthropic();
  onTestFinished(close);
  const controller = new AbortController();
  const held = fake.nextRequest("Say nothing.");
  const events = eventsOf(provider, unanswered, callContext({ signal: controller.signal }));
  const request = await held;
  controller.abort();
  expect(await events).toMatchObject([{ type: "failed", failure: { class: "cancelled" } }]);
  await request.closed;
  expect(fake.inFlight).toBe(0);
});

function textOf(events: readonly ModelEvent[]): string {
  return events.map((event) => (event.type === "text" ? event.text : "")).join("");
}
