import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { chooseAuto, type Found } from "../../../../src/provider/auto.ts";
import { lookForOllama, lookForOpenai, type Engine } from "../../../../src/provider/auto/engine.ts";
import { createNodeFetch } from "../../../../src/provider/http/node-fetch.ts";

const options = { fetch: createNodeFetch(), timeoutMs: 300, apiKey: null };

const found = (more: Partial<Found> = {}): Found => ({
  anthropicKey: false,
  openaiKey: false,
  openaiEngine: null,
  isOpenaiElsewhere: false,
  local: [],
  ...more,
});
const engine = (...models: readonly [id: string, bytes: number | null][]): Engine => ({
  name: "Ollama",
  provider: "ollama",
  baseUrl: "http://127.0.0.1:11434",
  models: models.map(([id, bytes]) => ({ id, bytes })),
});

describe("what auto is", () => {
  it.each<[string, Found, string | undefined]>([
    ["nothing, where there is nothing", found(), undefined],
    ["nothing, where an engine has no model", found({ local: [engine()] }), undefined],
    [
      "Anthropic's before all others",
      found({ anthropicKey: true, openaiKey: true, local: [engine(["a", 1])] }),
      "claude-sonnet-5-5",
    ],
    ["OpenAI's before an engine", found({ openaiKey: true, local: [engine(["a", 1])] }), "gpt-6.1-terra"],
    [
      "what an endpoint of OPENAI_BASE_URL has",
      found({ openaiKey: true, isOpenaiElsewhere: true, openaiEngine: engine(["b", null]) }),
      "b",
    ],
    ["never OpenAI's own model somewhere else", found({ openaiKey: true, isOpenaiElsewhere: true }), undefined],
    ["the first engine that has a model", found({ local: [engine(), engine(["c", 1])] }), "c"],
  ])("is %s", (_what, all, model) => {
    expect(chooseAuto(all)?.models.default).toBe(model);
  });

  it("takes the model used last, the smallest and the largest of an engine", () => {
    const local = [engine(["middle", 5e9], ["small", 1e9], ["large", 40e9])];
    expect(chooseAuto(found({ local }))).toEqual({
      because: "Ollama answers at http://127.0.0.1:11434",
      provider: "ollama",
      baseUrl: "http://127.0.0.1:11434",
      models: { default: "middle", fast: "small", strong: "large" },
    });
  });
});

/** Somebody on 127.0.0.1. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const says =
  (body: unknown): RequestListener =>
  (_request, response) =>
    void response.end(JSON.stringify(body));

describe("an engine on this machine", () => {
  it("is Ollama, with the models that write texts", async () => {
    const models = [
      { name: "qwen4:8b", size: 5e9, details: { family: "qwen4" } },
      { name: "nomic-embed-text", size: 1e8, details: { family: "nomic-bert" } },
      { name: "all-minilm", size: 1e8, details: { family: "bert" } },
      { name: 7 },
      null,
    ];
    const address = await serve((request, response) => {
      expect(request.url).toBe("/api/tags");
      response.end(JSON.stringify({ models }));
    });
    expect(await lookForOllama(address, options)).toEqual({
      name: "Ollama",
      provider: "ollama",
      baseUrl: address,
      models: [{ id: "qwen4:8b", bytes: 5e9 }],
    });
  });

  it("is any endpoint that lists its models as OpenAI does", async () => {
    const address = await serve(
      says({ object: "list", data: [{ id: "org/model", object: "model" }, { id: "text-embedding-3" }] }),
    );
    expect(await lookForOpenai("vLLM", `${address}/v1`, options)).toEqual({
      name: "vLLM",
      provider: "openai",
      baseUrl: `${address}/v1`,
      models: [{ id: "org/model", bytes: null }],
    });
  });

  it.each<[string, RequestListener]>([
    ["a web page", (_request, response) => void response.end("<html>Welcome</html>")],
    ["another API", says({ data: [{ id: "x" }] })],
    ["a list", says([])],
    ["an error", (_request, response) => void response.writeHead(500).end('{"object":"list","data":[]}')],
    ["somebody who never answers", () => {}],
    ["somebody who hangs up", (request) => void request.socket.destroy()],
    ["a redirect", (_request, response) => void response.writeHead(302, { location: "https://example.com" }).end()],
  ])("is not %s", async (_what, listener) => {
    const address = await serve(listener);
    expect(await lookForOpenai("vLLM", `${address}/v1`, options)).toBeNull();
    expect(await lookForOllama(address, options)).toBeNull();
  });
});
