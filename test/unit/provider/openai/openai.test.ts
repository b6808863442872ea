import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createOllamaProvider } from "../../../../src/provider/openai/ollama.ts";
import { createOpenaiProvider } from "../../../../src/provider/openai.ts";
import type { Provider } from "../../../../src/provider/provider.ts";
import { ollama, plain, type FakeDialect } from "../../../rig/fake-openai/dialect.ts";
import { startFakeOpenai, type FakeOpenai, type HeldRequest } from "../../../rig/fake-openai/fake-openai.ts";
import { callContext, eventsOf, failureOf, modelRequest, replyOf } from "../../../rig/model-call.ts";

const asked = (more: Parameters<typeof modelRequest>[0] = {}) => modelRequest({ model: "gpt-6-luna", ...more });
const colour = { type: "object", properties: { colour: { enum: ["red", "blue"] } }, required: ["colour"] };

// The provider takes 127.0.0.1 for a server of one's own; OpenAI's own dialect is learnt from its refusals, as it is
// by whoever puts a gateway in front of it.
let fake: FakeOpenai;
let provider: Provider;

beforeAll(async () => {
  fake = await startFakeOpenai({ answers: "held" });
  provider = createOpenaiProvider({ apiKey: "sk-secret", baseUrl: `${fake.url}/v1` });
});
afterAll(() => fake.close());

const host = (): string => new URL(fake.url).host;

/** A fake of its own for one test. */
async function own(dialect: FakeDialect, answers: string): Promise<{ fake: FakeOpenai; provider: Provider }> {
  const fake = await startFakeOpenai({ dialect, answers: () => answers });
  onTestFinished(() => fake.close());
  return { fake, provider: createOpenaiProvider({ apiKey: null, baseUrl: `${fake.url}/v1` }) };
}

/** Makes a call, lets the test answer it, and gives what became of it. */
async function failureAfter(answer: (held: HeldRequest) => unknown): ReturnType<typeof failureOf> {
  const outcome = failureOf(provider, asked());
  const held = await fake.nextRequest();
  answer(held);
  return outcome;
}

describe("what is sent", () => {
  it("carries instructions, key, idempotency key and effort, and asks for the usage", async () => {
    const request = asked({ system: "You are terse.", effort: "low" });
    const reply = replyOf(provider, request, callContext({ idempotencyKey: "unit-7" }));
    const held = await fake.nextRequest();
    void held.reply("Blue.");
    expect(held.request.body).toEqual({
      model: "gpt-6-luna",
      max_completion_tokens: 1000,
      messages: [
        { role: "system", content: "You are terse." },
        { role: "user", content: "Name a colour." },
      ],
      stream: true,
      stream_options: { include_usage: true },
      reasoning_effort: "low",
    });
    expect(held.request.headers).toMatchObject({ "idempotency-key": "unit-7", authorization: "Bearer sk-secret" });
    expect(await reply).toEqual({
      text: "Blue.",
      stopReason: "end",
      model: "gpt-6-luna",
      usage: { inputTokens: 8, outputTokens: 2, cacheReadTokens: 0, cacheWriteTokens: 0, calls: 1 },
    });
  });

  it("counts cached tokens apart, which the API counts among the prompt's", async () => {
    const request = asked({ system: "You are a poet, and only a poet." });
    const usages = [];
    for (let call = 0; call < 2; call += 1) {
      const reply = replyOf(provider, request);
      void (await fake.nextRequest()).reply("Blue.");
      usages.push((await reply).usage);
    }
    expect(usages).toMatchObject([
      { inputTokens: 12, cacheReadTokens: 0 },
      { inputTokens: 4, cacheReadTokens: 8 },
    ]);
  });

  it("asks for strict structured output where the schema can be expressed", async () => {
    const reply = replyOf(provider, asked({ outputSchema: colour }));
    const held = await fake.nextRequest();
    void held.reply({ colour: "blue" });
    expect(held.request.body.response_format).toEqual({
      type: "json_schema",
      json_schema: { name: "reply", strict: true, schema: { ...colour, additionalProperties: false } },
    });
    expect((await reply).text).toBe('{"colour":"blue"}');
  });

  it("puts the schema into the prompt alone where a property may be missing, which strict output cannot express", async () => {
    const reply = replyOf(
      provider,
      asked({ outputSchema: { type: "object", properties: { n: { type: "integer" } } } }),
    );
    const held = await fake.nextRequest();
    void held.reply({ n: 1 });
    await reply;
    expect(held.request.body.response_format).toBeUndefined();
    expect(held.request.text).toContain('{"properties":{"n":{"type":"integer"}},"type":"object"}');
  });

  it("does not hide that a model takes no temperature", async () => {
    const { failure } = await failureOf(provider, asked({ temperature: 0.2 }));
    expect(failure).toMatchObject({ class: "invalid", code: "http_400" });
    expect(failure.message).toContain("'temperature' does not support this value");
  });

  it("sends no key where there is none", async () => {
    const { fake, provider } = await own(ollama, "Blue.");
    await replyOf(provider, asked());
    expect(fake.requests[0]?.headers.authorization).toBeUndefined();
  });
});

describe("an endpoint that takes less", () => {
  it("is asked in the prompt after it refused structured output, and never again with it", async () => {
    const { fake, provider } = await own(plain, '{"colour":"blue"}');
    const replies = [
      await replyOf(provider, asked({ outputSchema: colour })),
      await replyOf(provider, asked({ outputSchema: colour })),
    ];
    expect(replies.map(({ text }) => text)).toEqual(['{"colour":"blue"}', '{"colour":"blue"}']);
    expect(fake.refusals.map(({ param }) => param)).toEqual(["response_format", "stream_options"]);
    expect(fake.requests.map(({ body }) => Object.keys(body))).toEqual([
      ["model", "max_tokens", "messages", "stream"],
      ["model", "max_tokens", "messages", "stream"],
    ]);
    expect(fake.requests[1]?.text).toContain("valid under this JSON Schema");
  });

  it("says nothing of its usage, and nothing is invented", async () => {
    const { provider } = await own(plain, "Blue.");
    expect((await replyOf(provider, asked())).usage).toBeNull();
  });

  it("is told the schema in the prompt too, for it may pass over a response_format", async () => {
    const { fake, provider } = await own(ollama, '{"colour":"blue"}');
    await replyOf(provider, asked({ outputSchema: colour }));
    expect(fake.requests[0]?.body.response_format?.type).toBe("json_schema");
    expect(fake.requests[0]?.text).toContain("valid under this JSON Schema");
  });
});

describe("what comes back", () => {
  it.each([
    ["stop", "end"],
    ["length", "max_tokens"],
    ["content_filter", "refusal"],
    ["tool_calls", "tools"],
  ])("reads the finish reason %s as %s", async (stopReason, expected) => {
    const reply = replyOf(provider, asked());
    void (await fake.nextRequest()).reply("Blue.", { stopReason });
    expect(await reply).toMatchObject({ text: "Blue.", stopReason: expected });
  });

  it("passes on the model that answered, though another was asked", async () => {
    const reply = replyOf(provider, asked());
    void (await fake.nextRequest()).reply("Blue.", { model: "gpt-6-luna-2026-09-22" });
    expect((await reply).model).toBe("gpt-6-luna-2026-09-22");
  });

  it("reads a refusal, and passes over what it does not know", async () => {
    const chunks = [
      null,
      { object: "brand.new" },
      { model: "m", choices: [{ delta: { reasoning_content: "Hm." } }] },
      { choices: [{ delta: { refusal: "I can't " } }] },
      { choices: [{ delta: { refusal: "do that." } }] },
      { choices: [{ delta: null, finish_reason: "stop" }] },
      { choices: [], usage: { prompt_tokens: 3 } },
    ];
    const body = `${chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("")}data: [DONE]\n\n`;
    const reply = replyOf(provider, asked());
    void (await fake.nextRequest()).raw(200, "text/event-stream", body);
    expect(await reply).toEqual({ text: "I can't do that.", stopReason: "refusal", model: "m", usage: null });
  });

  it("holds a reply of 10 MB whole", async () => {
    const text = "0123456789".repeat(1024 * 1024);
    const reply = replyOf(provider, asked());
    void (await fake.nextRequest()).reply(text);
    expect((await reply).text === text).toBe(true);
  });

  it("keeps a reply whose connection breaks behind its end", async () => {
    const chunks = [
      { model: "m", choices: [{ delta: { content: "Blue." } }] },
      { choices: [{ delta: {}, finish_reason: "stop" }] },
    ];
    const reply = replyOf(provider, asked());
    void (await fake.nextRequest()).raw(
      200,
      "text/event-stream",
      chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join(""),
    );
    expect(await reply).toEqual({ text: "Blue.", stopReason: "end", model: "m", usage: null });
  });
});

describe("failures that the API answers", () => {
  it.each([
    [400, "invalid_request_error", null, "Something is off", "invalid", "http_400"],
    [400, "invalid_request_error", "context_length_exceeded", "Too long", "invalid", "prompt_too_long"],
    [400, "BadRequestError", null, "This model's maximum context length is 8192 tokens.", "invalid", "prompt_too_long"],
    [400, "image_generation_user_error", "content_policy_violation", "No", "refused", "content_filter"],
    [400, "invalid_request_error", "billing_hard_limit_reached", "Limit", "auth", "billing"],
    [401, "invalid_request_error", "invalid_api_key", "Wrong key", "auth", "http_401"],
    [402, "error", null, "Insufficient credits", "auth", "billing"],
    [403, "request_forbidden", "unsupported_country_region_territory", "No", "auth", "http_403"],
    [404, "invalid_request_error", "model_not_found", "No such", "invalid", "unknown_model"],
    [404, "not_found", null, "Not Found", "invalid", "http_404"],
    [408, "timeout", null, "Slow", "network", "http_408"],
    [413, "invalid_request_error", null, "Large", "invalid", "request_too_large"],
    [429, "requests", "rate_limit_exceeded", "Rate limit reached", "rate_limit", "http_429"],
    [429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota", "auth", "billing"],
    [500, "server_error", null, "Sorry", "server", "http_500"],
    [502, "server_error", null, "Sorry", "server", "http_502"],
    [503, "server_error", null, "Overloaded", "overloaded", "http_503"],
  ])("%i %s %s is as it should be", async (status, type, code, message, failureClass, expected) => {
    const calls = fake.count();
    const outcome = failureOf(provider, asked());
    const held = await fake.nextRequest();
    void held.raw(status, "application/json", JSON.stringify({ error: { message, type, param: null, code } }));
    const { failure, usage } = await outcome;
    expect(failure).toMatchObject({ class: failureClass, code: expected, partial: null });
    const request = /, request (req_fake_\d+)\)$/.exec(failure.message)?.[1];
    expect(failure.message).toBe(
      `${host()} answered ${status} ${code ?? type}: ${message} (model gpt-6-luna, request ${request})`,
    );
    expect([usage, fake.count() - calls]).toEqual([null, 1]);
  });

  it.each([
    ["at the top, as vLLM", '{"object":"error","message":"It is off","type":"BadRequestError","code":400}'],
    ["as a bare text, as Ollama", '{"error":"It is off"}'],
    ["in a detail, as FastAPI", '{"detail":"It is off"}'],
    ["as plain text", "It is off"],
  ])("reads a message that stands %s", async (_where, body) => {
    const { failure } = await failureAfter((held) => held.raw(400, "application/json", body));
    expect(failure).toMatchObject({ class: "invalid", code: "http_400" });
    expect(failure.message).toContain(": It is off (model gpt-6-luna");
  });

  it("waits as long as it is told, by header or by the reset of a limit", async () => {
    const headers = { "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m2.5s" };
    const waits = [];
    for (const given of [{ "retry-after": "7" }, headers, {}]) {
      const { failure } = await failureAfter((held) => held.fail(429, "tokens", given));
      waits.push(failure.retryAfterMs);
    }
    expect(waits).toEqual([7000, 62_500, null]);
  });

  it("never shows the key", async () => {
    const { failure } = await failureAfter((held) => held.fail(401, "auth", {}, "Incorrect API key: sk-secret"));
    expect(failure.message).toContain("Incorrect API key: ***");
  });

  it("tells a prompt that is too long", async () => {
    const messages = [{ role: "user" as const, text: "word".repeat(128_001) }];
    const { failure } = await failureOf(provider, asked({ model: "gpt-4o", messages }));
    expect(failure).toMatchObject({ class: "invalid", code: "prompt_too_long" });
  });
});

describe("failures on the way", () => {
  it("says that a reply was cut, and keeps what came of it", async () => {
    const { failure } = await failureAfter((held) => held.cut(2000, "It begins well, ".repeat(40)));
    expect(failure).toMatchObject({ class: "network", code: "stream_cut" });
    expect(failure.partial).toMatch(/^It begins well/);
  });

  it.each([
    ["server_error", "server", "server_error"],
    ["brand_new", "server", "stream_error"],
    ["insufficient_quota", "auth", "billing"],
  ])("reads the error %s in the middle of a reply", async (type, failureClass, code) => {
    const { failure } = await failureAfter((held) => held.failInStream(type));
    expect(failure).toMatchObject({ class: failureClass, code, partial: "It begins well" });
  });

  it.each<[string, (held: HeldRequest) => unknown, string]>([
    ["broken JSON", (held) => held.garble(), "bad_response"],
    ["a web page", (held) => held.raw(200, "text/html", "<html>Welcome</html>"), "bad_response"],
    ["a reset", (held) => held.reset(), "econnreset"],
  ])("tells %s from a reply", async (_what, answer, code) => {
    const { failure } = await failureAfter(answer);
    expect(failure).toMatchObject({ class: "network", code });
  });

  it("needs no key but for OpenAI itself", async () => {
    const { failure } = await failureOf(createOpenaiProvider({ apiKey: null, baseUrl: null }), asked());
    expect(failure).toMatchObject({
      class: "auth",
      code: "no_api_key",
      message: "there is no API key for api.openai.com",
    });
  });
});

describe("ollama", () => {
  it("says how to get a model that is not there", async () => {
    const fake = await startFakeOpenai({ dialect: ollama, models: ["llama4:8b"] });
    onTestFinished(() => fake.close());
    const local = createOllamaProvider({ address: fake.url, apiKey: null });
    const { failure } = await failureOf(local, asked({ model: "qwen4" }));
    expect(failure).toMatchObject({ class: "invalid", code: "unknown_model", help: "ollama pull qwen4" });
    expect((await eventsOf(local, asked({ model: "llama4:8b" }))).at(-1)?.type).toBe("done");
  });

  it("says that it is not running", async () => {
    const fake = await startFakeOpenai();
    await fake.close();
    const { failure } = await failureOf(createOllamaProvider({ address: fake.url, apiKey: null }), asked());
    expect(failure).toMatchObject({ class: "network", code: "econnrefused" });
    expect(failure.help).toBe("start it with `ollama serve`, or check OLLAMA_HOST or `base_url`");
  });
});
