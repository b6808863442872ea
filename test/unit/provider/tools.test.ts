import { afterEach, describe, expect, it } from "vitest";
import type { RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";
import { growingReply } from "../../../src/provider/anthropic/reply.ts";
import { createAnthropicProvider } from "../../../src/provider/anthropic.ts";
import { createOpenaiProvider } from "../../../src/provider/openai.ts";
import type { Message, ModelRequest, Provider, ToolSpec } from "../../../src/provider/provider.ts";
import { readRecording } from "../../../src/provider/recording/read.ts";
import { recordingEntry, renderRecording } from "../../../src/provider/recording/render.ts";
import { requestHash } from "../../../src/provider/recording/request-form.ts";
import { startFakeAnthropic } from "../../rig/fake-anthropic/fake-anthropic.ts";
import type { Answer } from "../../rig/fake-model/answer.ts";
import { startFakeOpenai } from "../../rig/fake-openai/fake-openai.ts";
import { callContext, failureOf, modelRequest, replyOf } from "../../rig/model-call.ts";

const tools: readonly ToolSpec[] = [
  { name: "look", description: "Looks.", inputSchema: { type: "object", properties: { at: { type: "string" } } } },
];
const start: Message = { role: "user", text: "Look around." };
const asked = (messages: readonly Message[] = [start]): ModelRequest =>
  modelRequest({ model: "gpt-4o", messages, tools });
const twoCalls: Answer = {
  kind: "reply",
  text: "I look.",
  toolCalls: [
    { id: "call_a", name: "look", input: { at: 'é "sky"' } },
    { id: "call_b", name: "look", json: '{"at": ' },
  ],
};
const answered: readonly Message[] = [
  start,
  {
    role: "assistant",
    text: "I look.",
    toolCalls: [
      { id: "call_a", name: "look", input: { at: "sky" } },
      { id: "call_b", name: "look", input: null },
    ],
  },
  {
    role: "user",
    text: "",
    toolResults: [
      { id: "call_a", text: "blue", isError: false },
      { id: "call_b", text: "", isError: true },
    ],
  },
];

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

type Opened = { readonly provider: Provider; readonly model: string; on(answer: Answer): void; bodies(): unknown[] };

const live: { readonly [name: string]: () => Promise<Opened> } = {
  async anthropic() {
    const fake = await startFakeAnthropic();
    closing.push(() => fake.close());
    return {
      provider: createAnthropicProvider({ apiKey: "sk-test", baseUrl: fake.url }),
      model: "claude-haiku-5-5",
      on: (answer) => void fake.on(() => true, answer),
      bodies: () => fake.requests.map(({ body }) => body),
    };
  },
  async openai() {
    const fake = await startFakeOpenai();
    closing.push(() => fake.close());
    return {
      provider: createOpenaiProvider({ apiKey: "sk-test", baseUrl: `${fake.url}/v1` }),
      model: "gpt-4o",
      on: (answer) => void fake.on(() => true, answer),
      bodies: () => fake.requests.map(({ body }) => body),
    };
  },
};

describe.each(Object.entries(live))("%s", (name, open) => {
  it("reads calls side by side, in pieces; what is no JSON has no input", async () => {
    const { provider, model, on } = await open();
    on(twoCalls);
    expect(await replyOf(provider, { ...asked(), model })).toMatchObject({
      text: "I look.",
      stopReason: "tools",
      toolCalls: [
        { id: "call_a", name: "look", input: { at: 'é "sky"' } },
        { id: "call_b", name: "look", input: null },
      ],
    });
  });

  it("tells what came of them, as the API wants it", async () => {
    const { provider, model, bodies } = await open();
    expect((await replyOf(provider, { ...asked(answered), model })).stopReason).toBe("end");
    const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
    expect((await replyOf(provider, { ...asked(answered), model, outputSchema: schema })).stopReason).toBe("end");
    const { messages } = bodies()[0] as { messages: unknown[] };
    expect(messages.at(-1)).toMatchObject(
      name === "openai"
        ? { role: "tool", tool_call_id: "call_b", content: "Error: " }
        : {
            content: [
              { tool_use_id: "call_a", content: "blue" },
              { tool_use_id: "call_b", is_error: true },
            ],
          },
    );
  });

  it("is refused when a call has no result: the fake is as strict as the API", async () => {
    const { provider, model } = await open();
    const open1 = [...answered.slice(0, 2), { ...answered[2], toolResults: answered[2]?.toolResults?.slice(0, 1) }];
    const { failure } = await failureOf(provider, { ...asked(open1 as Message[]), model });
    expect(failure.class).toBe("invalid");
    expect(failure.message).toContain("call_b");
  });
});

it("what a model thought before its calls is kept as it was, to be sent back", () => {
  const reply = growingReply("m");
  const events = [
    { type: "message_start", message: { model: "m", usage: {} } },
    { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "", signature: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "let " } },
    { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "me" } },
    { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "c2ln" } },
    { type: "content_block_start", index: 1, content_block: { type: "tool_use", id: "t", name: "look", input: {} } },
    { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 3 } },
    { type: "message_stop" },
  ];
  for (const event of events) reply.accept(event as unknown as RawMessageStreamEvent);
  expect(reply.finish()).toMatchObject({
    stopReason: "tools",
    toolCalls: [{ id: "t", name: "look", input: {} }],
    opaque: [{ type: "thinking", thinking: "let me", signature: "c2ln" }],
  });
});

it("a recording keeps calls and results, and finds them again", () => {
  const request = asked(answered);
  const reply = {
    text: "",
    stopReason: "tools" as const,
    model: "gpt-4o",
    usage: null,
    toolCalls: [{ id: "c", name: "look", input: { at: "a\nb" } }],
    opaque: [{ type: "thinking", thinking: "x", signature: "s" }],
  };
  const entry = recordingEntry(request, callContext(), { type: "done", reply });
  const text = renderRecording({ path: null, origin: "recorded", description: null, entries: [entry] });
  const read = readRecording({ path: "a.yaml", text });
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  expect(read.value.entries[0]).toMatchObject({ request, outcome: { type: "done", reply } });
  expect(requestHash(read.value.entries[0]?.request as ModelRequest)).toBe(requestHash(request));
  expect(requestHash(asked())).not.toBe(requestHash(modelRequest({ model: "gpt-4o", messages: [start] })));
});

it("a scripted recording may say calls alone", () => {
  const text = `muster_recording: 1
origin: scripted
entries:
  - step: draft
    reply: { tool_calls: [{ id: a, name: look, input: { at: sky } }] }
  - step: draft
    reply: { tool_calls: [{ id: a, name: 5 }, { name: look, input: text }] }
`;
  const read = readRecording({ path: "a.yaml", text });
  expect(read.ok ? [] : read.error.map(({ message }) => message)).toEqual([
    "name must be a text",
    "this must be a map",
    "id is missing",
    "this must be a map",
  ]);
  const good = readRecording({ path: "a.yaml", text: text.split("  - step").slice(0, 2).join("  - step") });
  expect(good.ok && good.value.entries[0]?.outcome).toMatchObject({ reply: { text: "", stopReason: "tools" } });
});
