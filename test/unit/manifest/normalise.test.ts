import { expect, test } from "vitest";
import type { NormalManifest } from "../../../src/manifest/normal.ts";
import { normalise } from "../../../src/manifest/normalise.ts";
import { readDocument } from "../../../src/manifest/read.ts";
import { validateManifest } from "../../../src/manifest/validate.ts";

function normal(body: string): NormalManifest {
  const document = readDocument({ path: "w.yaml", text: `muster: 1\nname: example\n${body}` });
  if (!document.ok) throw new Error(document.error[0]?.message);
  const manifest = validateManifest(document.value);
  if (!manifest.ok) throw new Error(manifest.error[0]?.message);
  return normalise(manifest.value);
}

const stepOf = (body: string) => normal(`steps:\n  a: ${body}\n`).steps[0];

test("the defaults of the language are written out", () => {
  expect(normal("steps: { a: { run: echo } }")).toEqual({
    name: "example",
    version: null,
    description: null,
    inputs: {},
    env: {},
    secrets: [],
    sessions: {},
    models: {},
    agents: {},
    defaultModel: null,
    limits: {
      concurrency: 8,
      timeoutMs: 3_600_000,
      hasTimeout: false,
      graceMs: 30_000,
      agents: 100,
      depth: 3,
      hasDepth: false,
      budget: null,
      rates: null,
      breaker: null,
    },
    permissions: null,
    steps: [
      {
        id: "a",
        pointer: ["steps", "a"],
        description: null,
        body: { kind: "run", command: "echo", shell: null, env: {}, stdin: null, cwd: null },
        needs: null,
        condition: null,
        fan: null,
        retry: { maxAttempts: 1, backoff: "exponential", delayMs: 1000, maxDelayMs: 60_000, jitter: true, on: null },
        timeoutMs: 600_000,
        onError: { kind: "fail" },
        output: null,
        idempotent: null,
        isFinally: false,
        repeat: null,
        fallback: [],
        workspace: "repo",
        reads: [],
        writes: [],
        cache: null,
        simulate: null,
      },
    ],
    variants: null,
    score: null,
    roi: null,
    events: null,
    telemetry: null,
    outputs: {},
    artifactStore: null,
  });
});

test("files are lists, the workspace of the file and defaults.cache are those of steps without their own", () => {
  const [a, b, c] = normal(`
artifacts: { store: s3://bucket/prefix/ }
workspace: { path: work }
defaults: { cache: { ttl: 1d } }
steps:
  a: { run: echo, reads: [x, y], writes: out, workspace: isolated, cache: { key: inputs.day } }
  b: { run: echo }
  c: { value: 1 }`).steps;
  expect(a).toMatchObject({
    workspace: "isolated",
    reads: [
      { pattern: "x", pointer: ["steps", "a", "reads", 0] },
      { pattern: "y", pointer: ["steps", "a", "reads", 1] },
    ],
    writes: [{ pattern: "out", pointer: ["steps", "a", "writes"] }],
    cache: { key: "inputs.day", ttlMs: null, pointer: ["steps", "a", "cache", "key"] },
  });
  expect(b).toMatchObject({ workspace: { path: "work" }, cache: { key: null, ttlMs: 86_400_000 } });
  expect(c).toMatchObject({ workspace: "repo", cache: null });
});

test.each([
  ["b", [["b", ["steps", "a", "needs"]]], 1],
  [
    "[b, c]",
    [
      ["b", ["steps", "a", "needs", 0]],
      ["c", ["steps", "a", "needs", 1]],
    ],
    2,
  ],
  ["[]", [], 0],
  [
    "{ any: [b, c] }",
    [
      ["b", ["steps", "a", "needs", "any", 0]],
      ["c", ["steps", "a", "needs", "any", 1]],
    ],
    1,
  ],
  [
    "{ at_least: 2, of: [b, c, d] }",
    [
      ["b", ["steps", "a", "needs", "of", 0]],
      ["c", ["steps", "a", "needs", "of", 1]],
      ["d", ["steps", "a", "needs", "of", 2]],
    ],
    2,
  ],
])("needs: %s", (written, of, required) => {
  expect(stepOf(`{ run: echo, needs: ${written} }`)?.needs).toEqual({
    of: of.map(([name, pointer]) => ({ name, pointer })),
    required,
  });
});

test("a retry of a step is laid over that of defaults, key by key", () => {
  const body =
    "defaults: { retry: { delay: 2s, on: [timeout] } }\nsteps: { a: { run: x, retry: { max_attempts: 5 } }, b: { run: x } }";
  const [a, b] = normal(body).steps;
  expect(a?.retry).toEqual({
    maxAttempts: 5,
    backoff: "exponential",
    delayMs: 2000,
    maxDelayMs: 60_000,
    jitter: true,
    on: ["timeout"],
  });
  expect(b?.retry.maxAttempts).toBe(3);
});

test("a delay above the default longest delay is kept", () => {
  expect(stepOf("{ run: x, retry: { delay: 5m } }")?.retry).toMatchObject({ delayMs: 300_000, maxDelayMs: 300_000 });
});

test("timeouts and on_error come from the step, else from defaults", () => {
  const body =
    "defaults: { timeout: 1m30s, on_error: continue }\nsteps: { a: { run: x }, b: { run: x, timeout: 2h, on_error: { output: { n: 1 } } } }";
  expect(normal(body).steps.map(({ timeoutMs, onError }) => ({ timeoutMs, onError }))).toEqual([
    { timeoutMs: 90_000, onError: { kind: "continue" } },
    {
      timeoutMs: 7_200_000,
      onError: { kind: "output", output: { n: 1 }, pointer: ["steps", "b", "on_error", "output"] },
    },
  ]);
});

test("an input is required when it has no default; a default of null is one", () => {
  const inputs = "inputs: { a: { type: string }, b: { type: [string, 'null'], default: null }, c: { default: 1 } }";
  expect(normal(`${inputs}\nsteps: { a: { run: x } }`).inputs).toEqual({
    a: { schema: { type: "string" }, required: true, default: null },
    b: { schema: { type: ["string", "null"] }, required: false, default: null },
    c: { schema: {}, required: false, default: 1 },
  });
});

test("models become chains with the place of each entry", () => {
  const models = `models:
  fast: anthropic/claude-haiku-5-5
  smart: [fast, anthropic/claude-opus-5-5]
  own: { model: fast, api_key: "\${{ secrets.TEAM_KEY }}", price: { input: 1, output: 2 }, effort: low }
agents: { a: { model: [smart, own] }, b: {} }
steps: { a: { agent: a, task: Go., model: fast } }`;
  const plain = { baseUrl: null, apiKeySecret: null, maxTokens: null, temperature: null, effort: null, price: null };
  const result = normal(models);
  expect(result.models).toEqual({
    fast: [{ ...plain, model: { name: "anthropic/claude-haiku-5-5", pointer: ["models", "fast"] } }],
    smart: [
      { ...plain, model: { name: "fast", pointer: ["models", "smart", 0] } },
      { ...plain, model: { name: "anthropic/claude-opus-5-5", pointer: ["models", "smart", 1] } },
    ],
    own: [
      {
        ...plain,
        model: { name: "fast", pointer: ["models", "own", "model"] },
        apiKeySecret: "TEAM_KEY",
        price: { input: 1, output: 2, cacheRead: null, cacheWrite: null },
        effort: "low",
      },
    ],
  });
  expect(result.agents["a"]?.model?.map(({ pointer }) => pointer)).toEqual([
    ["agents", "a", "model", 0],
    ["agents", "a", "model", 1],
  ]);
  expect(result.agents["b"]).toEqual({
    driver: null,
    env: {},
    writtenForTools: null,
    spawn: null,
    tools: [],
    servers: {},
    permissions: { files: "none", network: [], shell: "none", state: "none" },
    sandbox: "require",
    resources: { memoryBytes: 512 * 1024 ** 2, cpuMs: 60_000, processes: 64, outputBytes: 64 * 1024 },
    maxTurns: 20,
    model: null,
    instructions: null,
    maxTokens: null,
    budget: null,
    assumeUsd: null,
  });
  expect(result.steps[0]?.body).toMatchObject({
    kind: "agent",
    model: [{ name: "fast", pointer: ["steps", "a", "model"] }],
  });
});

test("a fan-out, its join, and an if that is a YAML boolean", () => {
  expect(stepOf("{ value: 1, for_each: [1, 2], join: { at_least: 2 }, max_parallel: 3, if: false }")).toMatchObject({
    condition: "false",
    fan: {
      items: { kind: "list", list: [1, 2] },
      pointer: ["steps", "a", "for_each"],
      maxItems: 1000,
      maxParallel: 3,
      failFast: false,
      join: { kind: "at_least", count: 2 },
    },
  });
});
