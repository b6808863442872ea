import { once } from "node:events";
import net from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createAnthropicProvider } from "../../../../src/provider/anthropic.ts";
import type { Provider } from "../../../../src/provider/provider.ts";
import {
  startFakeAnthropic,
  type FakeAnthropic,
  type HeldRequest,
} from "../../../rig/fake-anthropic/fake-anthropic.ts";
import { callContext, eventsOf, failureOf, modelRequest, replyOf } from "../../../rig/model-call.ts";

let fake: FakeAnthropic;
let provider: Provider;

beforeAll(async () => {
  fake = await startFakeAnthropic({ answers: "held" });
  provider = createAnthropicProvider({ apiKey: "sk-secret", baseUrl: fake.url });
});
afterAll(() => fake.close());

/** Makes a call, lets the test answer it, and gives what became of it. */
async function failureAfter(answer: (held: HeldRequest) => unknown): ReturnType<typeof failureOf> {
  const outcome = failureOf(provider);
  const held = await fake.nextRequest();
  answer(held);
  return outcome;
}

const host = (): string => new URL(fake.url).host;

describe("what is sent", () => {
  it("caches the instructions, streams, and carries the idempotency key", async () => {
    const request = modelRequest({ system: "You are terse.", effort: "low" });
    const reply = replyOf(provider, request, callContext({ idempotencyKey: "unit-7" }));
    const held = await fake.nextRequest();
    void held.reply("Blue.");
    expect(held.request.body).toEqual({
      model: "claude-haiku-5-5",
      max_tokens: 1000,
      messages: [{ role: "user", content: "Name a colour." }],
      stream: true,
      system: [{ type: "text", text: "You are terse.", cache_control: { type: "ephemeral" } }],
      output_config: { effort: "low" },
    });
    expect(held.request.headers).toMatchObject({
      "idempotency-key": "unit-7",
      authorization: "Bearer sk-secret",
      "anthropic-version": "2026-10-21",
      "x-stainless-retry-count": "0",
    });
    expect(await reply).toEqual({
      text: "Blue.",
      stopReason: "end",
      model: "claude-haiku-5-5",
      usage: { inputTokens: 4, outputTokens: 2, cacheReadTokens: 0, cacheWriteTokens: 4, calls: 1 },
    });
  });

  it("reads the instructions from the cache the second time", async () => {
    const request = modelRequest({ system: "You are a poet, and only a poet." });
    const usages = [];
    for (let call = 0; call < 2; call += 1) {
      const reply = replyOf(provider, request);
      void (await fake.nextRequest()).reply("Blue.");
      usages.push((await reply).usage);
    }
    expect(usages).toMatchObject([
      { inputTokens: 4, cacheReadTokens: 0, cacheWriteTokens: 8 },
      { inputTokens: 4, cacheReadTokens: 8, cacheWriteTokens: 0 },
    ]);
  });

  it("asks for structured output, with the prompt as it is, where the schema can be expressed", async () => {
    const outputSchema = { type: "object", properties: { colour: { enum: ["red", "blue"] } }, required: ["colour"] };
    const reply = replyOf(provider, modelRequest({ outputSchema }));
    const held = await fake.nextRequest();
    void held.reply({ colour: "blue" });
    expect(held.request.body.output_config).toEqual({
      format: { type: "json_schema", schema: { ...outputSchema, additionalProperties: false } },
    });
    expect(held.request.body.messages).toEqual([{ role: "user", content: "Name a colour." }]);
    expect((await reply).text).toBe('{"colour":"blue"}');
  });

  it("says in the prompt what structured output cannot express", async () => {
    const outputSchema = { type: "object", properties: { n: { type: "integer", maximum: 9 } }, required: ["n"] };
    const reply = replyOf(provider, modelRequest({ outputSchema }));
    const held = await fake.nextRequest();
    void held.reply({ n: 1 });
    await reply;
    expect(held.request.body.output_config?.format?.schema).toEqual({
      type: "object",
      properties: { n: { type: "integer" } },
      required: ["n"],
      additionalProperties: false,
    });
    expect(held.request.text).toContain(
      'valid under this JSON Schema. Write nothing before or after it, and no code fence.\n{"properties":{"n":{"maximum":9,"type":"integer"}},"required":["n"],"type":"object"}',
    );
  });

  it("puts the whole schema into the prompt where its shape is beyond structured output", async () => {
    const reply = replyOf(provider, modelRequest({ outputSchema: { type: "array", items: { type: "string" } } }));
    const held = await fake.nextRequest();
    void held.reply(["blue"]);
    await reply;
    expect(held.request.body.output_config).toBeUndefined();
    expect(held.request.text).toContain('{"items":{"type":"string"},"type":"array"}');
  });

  it("sends a temperature to a model that takes one, by the version of the API that does", async () => {
    const reply = replyOf(provider, modelRequest({ model: "claude-haiku-4-5", temperature: 0.2 }));
    const held = await fake.nextRequest();
    void held.reply("Blue.");
    await reply;
    expect(held.request.body.temperature).toBe(0.2);
    expect(held.request.headers["anthropic-version"]).toBe("2023-06-01");
  });

  it("does not hide that a model takes no temperature", async () => {
    const { failure } = await failureOf(provider, modelRequest({ temperature: 0.2 }));
    expect(failure).toMatchObject({ class: "invalid", code: "http_400" });
    expect(failure.message).toContain("temperature: this parameter is not supported");
  });
});

describe("what comes back", () => {
  it("passes on the model that answered, though another was asked", async () => {
    const reply = replyOf(provider);
    void (await fake.nextRequest()).reply("Blue.", { model: "claude-haiku-5-5-20261001" });
    expect((await reply).model).toBe("claude-haiku-5-5-20261001");
  });

  it.each([
    ["end_turn", "end"],
    ["stop_sequence", "end"],
    ["max_tokens", "max_tokens"],
    ["model_context_window_exceeded", "max_tokens"],
    ["refusal", "refusal"],
    ["pause_turn", "other"],
  ])("reads the stop reason %s as %s", async (stopReason, expected) => {
    const reply = replyOf(provider);
    void (await fake.nextRequest()).reply("Blue.", { stopReason });
    expect(await reply).toMatchObject({ text: "Blue.", stopReason: expected });
  });

  it("holds a reply of 10 MB whole", async () => {
    const text = "0123456789".repeat(1024 * 1024);
    const reply = replyOf(provider);
    void (await fake.nextRequest()).reply(text);
    expect((await reply).text === text).toBe(true);
  });

  it("gives up on a reply that no model writes", async () => {
    const { failure, usage } = await failureAfter((held) => held.reply("x".repeat(17 * 1024 * 1024)));
    expect(failure).toMatchObject({
      class: "output",
      code: "reply_too_large",
      message: `the reply of ${host()} is too large: more than 16777216 characters of text`,
    });
    expect(failure.partial).toBe("x".repeat(64 * 1024));
    expect(usage?.calls).toBe(1);
  });

  it("replaces bytes that are not UTF-8", async () => {
    const event = (name: string, data: string): string => `event: ${name}\ndata: {"type":"${name}",${data}}\n\n`;
    const [before, after] = [
      event("message_start", '"message":{"model":"claude-haiku-5-5","usage":{"input_tokens":1,"output_tokens":1}}'),
      event("message_stop", '"x":0'),
    ];
    const delta =
      'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"type":"text_delta","text":"a';
    const body = Buffer.concat([Buffer.from(before + delta), Buffer.from([0xff]), Buffer.from(`b"}}\n\n${after}`)]);
    const reply = replyOf(provider);
    void (await fake.nextRequest()).raw(200, "text/event-stream", body);
    expect((await reply).text).toBe("a\uFFFDb");
  });

  it("passes over events and blocks that it does not know", async () => {
    const events = [
      { type: "message_start", message: { model: "m", usage: { input_tokens: 3, output_tokens: 1 } } },
      { type: "brand_new", anything: [1] },
      null,
      { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "Hm." } },
      { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Hm." } },
      { type: "content_block_delta", index: 1, delta: null },
      { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "Blue." } },
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2, input_tokens: null } },
      { type: "message_stop" },
    ];
    const body = events.map((event) => `event: x\ndata: ${JSON.stringify(event)}\n\n`).join("");
    const reply = replyOf(provider);
    void (await fake.nextRequest()).raw(200, "text/event-stream", body);
    expect(await reply).toEqual({
      text: "Blue.",
      stopReason: "end",
      model: "m",
      usage: { inputTokens: 3, outputTokens: 2, cacheReadTokens: 0, cacheWriteTokens: 0, calls: 1 },
    });
  });
});

describe("failures that the API answers", () => {
  it.each([
    [400, "invalid_request_error", "invalid", "http_400"],
    [401, "authentication_error", "auth", "http_401"],
    [402, "billing_error", "auth", "billing"],
    [403, "permission_error", "auth", "http_403"],
    [404, "not_found_error", "invalid", "unknown_model"],
    [409, "conflict_error", "server", "http_409"],
    [413, "request_too_large", "invalid", "request_too_large"],
    [429, "rate_limit_error", "rate_limit", "http_429"],
    [500, "api_error", "server", "http_500"],
    [503, "overloaded_error", "overloaded", "http_503"],
    [504, "timeout_error", "server", "http_504"],
    [529, "overloaded_error", "overloaded", "http_529"],
  ])("%i %s is %s, %s", async (status, type, failureClass, code) => {
    const calls = fake.count();
    const { failure, usage } = await failureAfter((held) => held.fail(status, type, {}, "Something is off"));
    expect(failure).toMatchObject({ class: failureClass, code, partial: null, retryAfterMs: null });
    const request = /, request (req_fake_\d+)\)$/.exec(failure.message)?.[1];
    expect(failure.message).toBe(
      `${host()} answered ${status} ${type}: Something is off (model claude-haiku-5-5, request ${request})`,
    );
    expect(usage).toBeNull();
    expect(fake.count() - calls).toBe(1);
  });

  it("names the model that does not exist", async () => {
    const { failure } = await failureOf(provider, modelRequest({ model: "claude-hiku-5-5" }));
    expect(failure).toMatchObject({
      class: "invalid",
      code: "unknown_model",
      help: "check the spelling of the model `claude-hiku-5-5`, and that this API key may use it",
    });
  });

  it("tells a prompt that is too long from other invalid requests", async () => {
    const { failure } = await failureOf(
      provider,
      modelRequest({ model: "claude-haiku-4-5", messages: [{ role: "user", text: "word".repeat(200_001) }] }),
    );
    expect(failure).toMatchObject({
      class: "invalid",
      code: "prompt_too_long",
      help: "shorten the task or its inputs, or use a model with a larger context",
    });
    expect(failure.message).toContain("prompt is too long: 200001 tokens > 200000 maximum");
  });

  it("counts an account without credit as a matter of the key, not of the request", async () => {
    const message = "Your credit balance is too low to access the Anthropic API.";
    const { failure } = await failureAfter((held) => held.fail(400, "invalid_request_error", {}, message));
    expect(failure).toMatchObject({ class: "auth", code: "billing" });
  });

  it("keeps the wait that a rate limit asks for", async () => {
    const { failure } = await failureAfter((held) => held.fail(429, "rate_limit_error", { "retry-after": "7" }));
    expect(failure).toMatchObject({ class: "rate_limit", retryAfterMs: 7000 });
  });

  it.each([
    ["overloaded_error", "overloaded", "overloaded_error"],
    ["api_error", "server", "api_error"],
    ["rate_limit_error", "rate_limit", "rate_limit_error"],
    ["invalid_request_error", "invalid", "invalid_request_error"],
    ["constructor", "server", "stream_error"],
  ])("an error event %s in the stream is %s, with what came before it", async (type, failureClass, code) => {
    const { failure, usage } = await failureAfter((held) => held.failInStream(type, "Blue is"));
    expect(failure).toMatchObject({ class: failureClass, code, partial: "Blue is" });
    expect(usage).toEqual({ inputTokens: 4, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, calls: 1 });
  });

  it("says that the base URL is wrong when something else than the API answers", async () => {
    const { failure } = await failureAfter((held) => held.raw(404, "text/html", "<h1>Not found</h1>"));
    expect(failure).toMatchObject({
      class: "invalid",
      code: "http_404",
      message: `${host()} answered 404: 404 <h1>Not found</h1> (model claude-haiku-5-5)`.replace(
        ")",
        `, request ${/req_fake_\d+/.exec(failure.message)?.[0]})`,
      ),
      help: `${host()} does not speak Anthropic's API: check ANTHROPIC_BASE_URL or \`base_url\``,
    });
  });

  it("never shows the API key, though the server sends it back", async () => {
    const { failure } = await failureAfter((held) => held.fail(401, "authentication_error", {}, "bad key sk-secret"));
    expect(failure.message).toContain("bad key ***");
  });
});

describe("failures of the connection", () => {
  it("a reset before the reply", async () => {
    const { failure, usage } = await failureAfter((held) => held.reset());
    expect(failure).toMatchObject({
      class: "network",
      code: "econnreset",
      message: `cannot reach ${host()}: the connection was reset (ECONNRESET)`,
    });
    expect(usage).toBeNull();
  });

  it("a stream cut in the middle: what came of it is kept", async () => {
    const text = "It begins well, and then it is cut off before its end.";
    const { failure, usage } = await failureAfter((held) => held.cut(900, text));
    expect(failure).toMatchObject({
      class: "network",
      code: "stream_cut",
      message: `the connection to ${host()} broke in the middle of the reply`,
    });
    expect(failure.partial).toMatch(/^It begins well, /);
    expect(text).toContain(failure.partial);
    expect(failure.partial).not.toBe(text);
    expect(usage).toMatchObject({ inputTokens: 4, outputTokens: 1 });
  });

  it("a stream that ends in order, but before the message does", async () => {
    const start = '{"type":"message_start","message":{"model":"m","usage":{"input_tokens":3,"output_tokens":1}}}';
    const body = `event: message_start\ndata: ${start}\n\n`;
    const { failure } = await failureAfter((held) => held.raw(200, "text/event-stream", body));
    expect(failure).toMatchObject({ class: "network", code: "stream_cut" });
  });

  it("a garbled event", async () => {
    const { failure } = await failureAfter((held) => held.garble("Blue is"));
    expect(failure).toMatchObject({ class: "network", code: "bad_response", partial: "Blue is" });
    expect(failure.message).toContain(`${host()} sent a reply that cannot be read: `);
  });

  it("a page instead of a reply", async () => {
    const { failure } = await failureAfter((held) => held.raw(200, "text/html", "<h1>Please log in</h1>"));
    expect(failure).toMatchObject({
      class: "network",
      code: "bad_response",
      message: `${host()} answered with something that is not a reply of a model`,
    });
  });

  it("a reply that is complete counts, though its connection breaks", async () => {
    const reply = eventsOf(provider);
    const held = await fake.nextRequest();
    const whole = '{"type":"message_start","message":{"model":"m"}}';
    const body = `event: a\ndata: ${whole}\n\nevent: a\ndata: {"type":"message_stop"}\n\nevent: a\ndata: {"brok\n\n`;
    void held.raw(200, "text/event-stream", body);
    expect((await reply).at(-1)).toMatchObject({ type: "done", reply: { text: "", usage: null } });
  });

  it("a call that hangs ends with the caller's signal", async () => {
    const controller = new AbortController();
    const outcome = failureOf(provider, modelRequest(), callContext({ signal: controller.signal }));
    const held = await fake.nextRequest();
    const hung = held.hang();
    controller.abort();
    expect((await outcome).failure).toMatchObject({ class: "cancelled", code: "cancelled" });
    await hung;
  });

  it("nobody at the address", async () => {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const nobody = createAnthropicProvider({ apiKey: "sk-secret", baseUrl: `http://127.0.0.1:${port}` });
    expect((await failureOf(nobody)).failure).toMatchObject({
      class: "network",
      code: "econnrefused",
      message: `cannot reach 127.0.0.1:${port}: connection refused (ECONNREFUSED)`,
    });
  });

  it("a host that speaks no TLS", async () => {
    const server = net.createServer((socket) => void socket.end("hello\n")).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    const plain = createAnthropicProvider({ apiKey: "sk-secret", baseUrl: `https://127.0.0.1:${port}` });
    const { failure } = await failureOf(plain);
    expect(failure).toMatchObject({ class: "network", code: "tls" });
    expect(failure.message).toMatch(new RegExp(`^cannot trust the connection to 127\\.0\\.0\\.1:${port}: `));
  });

  it("a redirect, which is not followed: the key must not travel", async () => {
    const { failure } = await failureAfter((held) => held.raw(302, "text/plain", ""));
    expect(failure).toMatchObject({ class: "invalid", code: "http_302" });
  });
});

describe("options that can never work are told before a byte is sent", () => {
  it.each([
    ["", "http://127.0.0.1:1", "auth", "no_api_key"],
    ["sk-one\nsk-two", "http://127.0.0.1:1", "auth", "bad_api_key"],
    ["sk-test", "api.example.com", "invalid", "bad_base_url"],
    ["sk-test", "file:///etc/passwd", "invalid", "bad_base_url"],
  ])("key %j at %j", async (apiKey, baseUrl, failureClass, code) => {
    const events = await eventsOf(createAnthropicProvider({ apiKey, baseUrl }));
    expect(events).toMatchObject([{ type: "failed", failure: { class: failureClass, code }, usage: null }]);
    expect(JSON.stringify(events)).not.toContain("sk-");
  });
});
