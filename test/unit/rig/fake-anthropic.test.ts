import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startFakeAnthropic, type FakeAnthropic } from "../../rig/fake-anthropic/fake-anthropic.ts";

// The fake is a judge of the client, so it is judged itself: what the real API refuses, in the words of the real API.

let fake: FakeAnthropic;
beforeAll(async () => {
  fake = await startFakeAnthropic({ maxBodyBytes: 10_000 });
});
afterAll(() => fake.close());

const hello = [{ role: "user", content: "Hello" }];
const good = { model: "claude-haiku-5-5", max_tokens: 100, messages: hello };
const headers = { "x-api-key": "k", "anthropic-version": "2026-10-21", "content-type": "application/json" };

interface Answered {
  readonly status: number;
  readonly body: {
    readonly error?: { readonly type: string; readonly message: string };
    readonly [key: string]: unknown;
  };
}

async function post(
  body: unknown,
  path = "/v1/messages",
  changed: Record<string, string | undefined> = {},
): Promise<Answered> {
  const sent = Object.entries({ ...headers, ...changed }).filter(([, value]) => value !== undefined);
  const response = await fetch(fake.url + path, { method: "POST", headers: sent, body: JSON.stringify(body) });
  expect(response.headers.get("request-id")).toMatch(/^req_fake_\d+$/);
  return { status: response.status, body: (await response.json()) as Answered["body"] };
}

const toolUse = { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "look", input: {} }] };
const toolResult = { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "seen" }] };

function format(schema: unknown): unknown {
  return { ...good, output_config: { format: { type: "json_schema", schema } } };
}

describe("what it refuses", () => {
  it.each<[string, unknown, number, string, string]>([
    ["no max_tokens", { ...good, max_tokens: undefined }, 400, "invalid_request_error", "max_tokens: Field required"],
    ["no model", { ...good, model: undefined }, 400, "invalid_request_error", "model: Field required"],
    ["no messages", { ...good, messages: undefined }, 400, "invalid_request_error", "messages: Field required"],
    [
      "an unknown field",
      { ...good, colour: 1 },
      400,
      "invalid_request_error",
      "colour: Extra inputs are not permitted",
    ],
    ["an unknown model", { ...good, model: "gpt" }, 404, "not_found_error", "model: gpt"],
    [
      "too many tokens",
      { ...good, max_tokens: 128_001 },
      400,
      "invalid_request_error",
      "max_tokens: 128001 > 128000, which is the maximum allowed number of output tokens for claude-haiku-5-5",
    ],
    [
      "no tokens",
      { ...good, max_tokens: 0 },
      400,
      "invalid_request_error",
      "max_tokens: Input should be greater than or equal to 1",
    ],
    [
      "an empty conversation",
      { ...good, messages: [] },
      400,
      "invalid_request_error",
      "messages: at least one message is required",
    ],
    [
      "an assistant who begins",
      { ...good, messages: [{ role: "assistant", content: "Hi" }, ...hello] },
      400,
      "invalid_request_error",
      'messages: first message must use the "user" role',
    ],
    [
      "an empty text",
      { ...good, messages: [{ role: "user", content: " " }] },
      400,
      "invalid_request_error",
      "messages: text content blocks must contain non-whitespace text",
    ],
    [
      "an empty system block",
      { ...good, system: [{ type: "text", text: "" }] },
      400,
      "invalid_request_error",
      "system: text content blocks must be non-empty",
    ],
    [
      "a prefilled reply",
      { ...good, messages: [...hello, { role: "assistant", content: "Hi" }] },
      400,
      "invalid_request_error",
      "This model does not support assistant message prefill. The conversation must end with a user message.",
    ],
    [
      "a temperature",
      { ...good, temperature: 1 },
      400,
      "invalid_request_error",
      "temperature: this parameter is not supported",
    ],
    [
      "a tool_use without its result",
      { ...good, messages: [...hello, toolUse, ...hello] },
      400,
      "invalid_request_error",
      "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t1. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
    ],
    [
      "a tool_result without its use",
      { ...good, messages: [toolResult] },
      400,
      "invalid_request_error",
      "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: t1. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
    ],
    [
      "an unknown effort",
      { ...good, output_config: { effort: "heroic" } },
      400,
      "invalid_request_error",
      "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'",
    ],
    [
      "an open object",
      format({ type: "object", properties: {} }),
      400,
      "invalid_request_error",
      "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
    ],
    [
      "a limit of numbers",
      format({ type: "integer", minimum: 1 }),
      400,
      "invalid_request_error",
      "output_config.format.schema: For 'integer' type, properties minimum are not supported",
    ],
    [
      "a body too large",
      { ...good, messages: [{ role: "user", content: "x".repeat(10_000) }] },
      413,
      "request_too_large",
      "Request exceeds the maximum size",
    ],
    [
      "no object",
      [],
      400,
      "invalid_request_error",
      "Input should be a valid dictionary or object to extract fields from",
    ],
  ])("%s", async (_what, body, status, type, message) => {
    expect(await post(body)).toMatchObject({ status, body: { type: "error", error: { type, message } } });
  });

  it.each<[string, Record<string, string | undefined>, number, string]>([
    ["no key", { "x-api-key": undefined }, 401, "x-api-key header is required"],
    ["no version", { "anthropic-version": undefined }, 400, "anthropic-version: header is required"],
    [
      "an unknown version",
      { "anthropic-version": "2020-01-01" },
      400,
      'anthropic-version: "2020-01-01" is not a valid version',
    ],
  ])("%s", async (_what, changed, status, message) => {
    expect(await post(good, "/v1/messages", changed)).toMatchObject({ status, body: { error: { message } } });
  });

  it("nothing that is good", async () => {
    const refused = fake.refusals.length;
    const answers = [
      await post({
        ...good,
        messages: [...hello, toolUse, toolResult],
        tools: [{ name: "look", input_schema: { type: "object" } }],
      }),
      await post({ ...good, model: "claude-haiku-4-5", temperature: 0.5 }, "/v1/messages", {
        "anthropic-version": "2023-06-01",
      }),
      await post(good, "/v1/messages", { "x-api-key": undefined, authorization: "Bearer k" }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(fake.refusals).toHaveLength(refused);
  });
});

describe("what it answers", () => {
  it("a message when no stream is asked", async () => {
    expect((await post(good)).body).toMatchObject({
      type: "message",
      model: "claude-haiku-5-5",
      content: [{ type: "text", text: "Answer to: Hello" }],
      stop_reason: "end_turn",
      usage: { input_tokens: 2, output_tokens: 4 },
    });
  });

  it("a value of the schema that is asked", async () => {
    const schema = {
      type: "object",
      properties: { on: { type: "boolean" } },
      required: ["on"],
      additionalProperties: false,
    };
    expect((await post(format(schema))).body).toMatchObject({ content: [{ text: '{"on":true}' }] });
  });

  it("the number of tokens", async () => {
    const { max_tokens: _none, ...counted } = good;
    expect(await post(counted, "/v1/messages/count_tokens")).toEqual({ status: 200, body: { input_tokens: 2 } });
  });
});

it("holds requests until the test answers them, and counts what is in flight", async () => {
  const held = await startFakeAnthropic({ answers: "held" });
  onTestFinished(() => held.close());
  const ask = async (text: string): Promise<unknown> => {
    const body = JSON.stringify({ ...good, messages: [{ role: "user", content: text }] });
    return (await fetch(`${held.url}/v1/messages`, { method: "POST", headers, body })).json();
  };
  const answers = [ask("one"), ask("two"), ask("three")];
  const two = await held.nextRequest("two");
  const one = await held.nextRequest(/one/);
  const three = await held.nextRequest();
  expect([held.inFlight, held.mostInFlight, held.count(), held.count("one")]).toEqual([3, 3, 3, 1]);
  expect(three.request.text).toContain("three");
  await two.reply("second");
  await one.reply({ first: true });
  await three.fail(529, "overloaded_error");
  expect(await Promise.all(answers)).toMatchObject([
    { content: [{ text: '{"first":true}' }] },
    { content: [{ text: "second" }] },
    { error: { type: "overloaded_error" } },
  ]);
  expect([held.inFlight, held.mostInFlight, held.countOfModel("claude-haiku-5-5")]).toEqual([0, 3, 3]);
});
