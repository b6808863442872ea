import { createServer } from "node:net";
import { describe, expect } from "vitest";
import type { Answer } from "../rig/fake-anthropic/fake-anthropic.ts";
import { story } from "../rig/muster/e2e.ts";

const flow = (models: string, more = ""): string => `
muster: 1
name: failing
models: { one: ${models} }
agents: { writer: { model: one } }
steps:
  draft: { agent: writer, task: Write it${more} }
outputs: { draft: "\${{ steps.draft.output }}" }
`;
const HAIKU = "anthropic/claude-haiku-5-5";
const CHAIN = `[${HAIKU}, anthropic/claude-sonnet-5-5, anthropic/claude-opus-5-5]`;
const RETRY = ", retry: { max_attempts: 3, backoff: fixed, delay: 1ms }";

const fail = (
  status: number,
  type: string,
  message: string = type,
  headers: { [name: string]: string } = {},
): Answer => ({ kind: "fail", status, type, message, headers });
const cut: Answer = { kind: "cut", text: "a reply that never", afterBytes: 700 };

interface Case {
  readonly what: string;
  readonly answer: Answer;
  readonly class: string;
  readonly code: string;
  /** Calls with three attempts and one model: 18 where each attempt waits five times. */
  readonly calls: number;
  /** Calls of one attempt with three models. */
  readonly chain: number;
  /** What `muster show` says of it. */
  readonly shows: string;
}

/** At once, so that five waits take no time. */
const now = { "retry-after-ms": "1" };

const cases: readonly Case[] = [
  {
    what: "400",
    answer: fail(400, "invalid_request_error", "messages: too odd"),
    class: "invalid",
    code: "http_400",
    calls: 1,
    chain: 1,
    shows: "messages: too odd",
  },
  {
    what: "a prompt that is too long",
    answer: fail(400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"),
    class: "invalid",
    code: "prompt_too_long",
    calls: 1,
    chain: 1,
    shows: "shorten the task",
  },
  {
    what: "401",
    answer: fail(401, "authentication_error", "invalid x-api-key"),
    class: "auth",
    code: "http_401",
    calls: 1,
    chain: 3,
    shows: "check the API key",
  },
  {
    what: "403",
    answer: fail(403, "permission_error"),
    class: "auth",
    code: "http_403",
    calls: 1,
    chain: 3,
    shows: "may not use",
  },
  {
    what: "404",
    answer: fail(404, "not_found_error", "model: claude-haiku-5-5"),
    class: "invalid",
    code: "unknown_model",
    calls: 1,
    chain: 1,
    shows: "check the spelling of the model",
  },
  {
    what: "413",
    answer: fail(413, "request_too_large"),
    class: "invalid",
    code: "request_too_large",
    calls: 1,
    chain: 1,
    shows: "32 MB",
  },
  {
    what: "429",
    answer: fail(429, "rate_limit_error", "slow down", now),
    class: "rate_limit",
    code: "http_429",
    calls: 18,
    chain: 18,
    shows: "slow down",
  },
  {
    what: "500",
    answer: fail(500, "api_error"),
    class: "server",
    code: "http_500",
    calls: 3,
    chain: 3,
    shows: "500 api_error",
  },
  {
    what: "529",
    answer: fail(529, "overloaded_error", "Overloaded", now),
    class: "overloaded",
    code: "http_529",
    calls: 18,
    chain: 18,
    shows: "Overloaded",
  },
  {
    what: "a reset connection",
    answer: { kind: "reset" },
    class: "network",
    code: "econnreset",
    calls: 3,
    chain: 3,
    shows: "the connection was reset",
  },
  {
    what: "a stream that is cut",
    answer: cut,
    class: "network",
    code: "stream_cut",
    calls: 3,
    chain: 3,
    shows: "broke in the middle",
  },
  {
    what: "JSON that breaks off",
    answer: { kind: "garble", text: "It begins" },
    class: "network",
    code: "bad_response",
    calls: 3,
    chain: 3,
    shows: "| It begins",
  },
  {
    what: "an error in the stream",
    answer: { kind: "fail_in_stream", type: "api_error", message: "boom", text: "It begins" },
    class: "server",
    code: "api_error",
    calls: 3,
    chain: 3,
    shows: "| It begins",
  },
  {
    what: "a page of another service",
    answer: { kind: "raw", status: 200, contentType: "text/html", body: "<h1>Hello</h1>" },
    class: "network",
    code: "bad_response",
    calls: 3,
    chain: 3,
    shows: "ANTHROPIC_BASE_URL",
  },
  {
    what: "a refusal",
    answer: { kind: "reply", text: "I will not", stopReason: "refusal" },
    class: "refused",
    code: "refusal",
    calls: 1,
    chain: 1,
    shows: "| I will not",
  },
  {
    what: "max_tokens",
    answer: { kind: "reply", text: "And then she sa", stopReason: "max_tokens" },
    class: "output",
    code: "max_tokens",
    calls: 3,
    chain: 1,
    shows: "| And then she sa",
  },
];

describe("each failure of the model server, through the whole stack", () => {
  story.for(cases)(
    "$what: class $class, $calls calls in three attempts, $chain calls along a chain",
    async (expected, { fake, project }) => {
      const attempts = expected.calls === 18 ? 3 : expected.calls;
      project.write("flow.yaml", flow(HAIKU, RETRY));
      project.write("chain.yaml", flow(CHAIN));
      fake.on(() => true, expected.answer);

      const ended = await project.muster("run", "flow.yaml", "--report", "report.json");
      expect(ended.code).toBe(1);
      expect(ended.stdout).toBe("");
      expect(fake.count()).toBe(expected.calls);
      const report = project.report();
      expect(report).toMatchObject({
        status: "failed",
        outputs: null,
        error: { class: expected.class, code: expected.code },
      });
      expect(report.steps["draft"]).toMatchObject({
        status: "failed",
        attempts,
        error: { class: expected.class, code: expected.code },
      });
      expect(ended.stderr).toContain(`step 'draft' failed`);

      const page = await project.muster("show", report.run_id);
      expect(page.code).toBe(0);
      expect(page.stdout).toContain("why 'draft' failed");
      // An only attempt has nothing to add, unless it left something.
      const isToldOnce = attempts === 1 && report.steps["draft"]?.error?.partial === undefined;
      expect(page.stdout).toContain(
        isToldOnce ? `  error    ${expected.class}: ` : `attempt ${attempts}  ${expected.class}/${expected.code}: `,
      );
      expect(page.stdout.includes("attempt 1  ")).toBe(!isToldOnce);
      expect(page.stdout).toContain(expected.shows);
      expect(page.stdout).toContain(`next  muster resume ${report.run_id}`);

      const before = fake.count();
      expect((await project.muster("run", "chain.yaml", "--report", "report.json")).code).toBe(1);
      expect(fake.count() - before).toBe(expected.chain);
      expect(project.report().steps["draft"]).toMatchObject({ attempts: 1, error: { class: expected.class } });
    },
  );

  story("a refused connection names the address and is retried", async ({ project }) => {
    const server = createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
    );
    await new Promise((resolve) => server.close(resolve));
    project.write("flow.yaml", flow(HAIKU, RETRY));
    const run = await project.start(["run", "flow.yaml", "--report", "report.json"], {
      ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}`,
    }).ended;
    expect(run.code).toBe(1);
    expect(project.report().steps["draft"]).toMatchObject({
      attempts: 3,
      error: {
        class: "network",
        code: "econnrefused",
        message: `cannot reach 127.0.0.1:${port}: connection refused (ECONNREFUSED)`,
      },
    });
  });

  story(
    "a chain goes on to the model that answers, inside one attempt, and the report names it",
    async ({ fake, project }) => {
      project.write("flow.yaml", flow(CHAIN));
      fake.on(({ body }) => body.model === "claude-haiku-5-5", fail(500, "api_error"));
      fake.on(({ body }) => body.model === "claude-sonnet-5-5", { kind: "reset" });
      fake.on(({ body }) => body.model === "claude-opus-5-5", "opus is here");

      expect(await project.muster("run", "flow.yaml", "--report", "report.json")).toMatchObject({
        code: 0,
        stdout: "opus is here\n",
      });
      expect(fake.requests.map(({ body }) => body.model)).toEqual([
        "claude-haiku-5-5",
        "claude-sonnet-5-5",
        "claude-opus-5-5",
      ]);
      expect(project.report().steps["draft"]).toMatchObject({ attempts: 1, model: "anthropic/claude-opus-5-5" });
    },
  );

  story("a model that answers in the place of another is told", async ({ fake, project }) => {
    project.write("flow.yaml", flow(HAIKU));
    fake.on("Write it", { kind: "reply", text: "hello", model: "claude-opus-5-5" });
    const run = await project.muster("run", "flow.yaml", "--report", "report.json");
    expect(run.code).toBe(0);
    expect(run.stderr).toContain(`asked ${HAIKU}, anthropic/claude-opus-5-5 answered`);
    expect(project.report().steps["draft"]).toMatchObject({ model: "anthropic/claude-opus-5-5", model_asked: HAIKU });
  });
});

// Idle for seconds: loading the provider counts too, and on a busy machine takes its time.
describe.concurrent("time that passes in an attempt", () => {
  story(
    "does not count while a 429 is waited for: the step's timeout is shorter than the wait",
    async ({ fake, project }) => {
      project.write("flow.yaml", flow(HAIKU, ", timeout: 3s"));
      const busy = fake.on("Write it", () => {
        busy();
        return fail(429, "rate_limit_error", "slow down", { "retry-after-ms": "3500" });
      });

      const run = await project.muster("run", "flow.yaml", "--report", "report.json");
      expect(run).toMatchObject({ code: 0, stdout: "Answer to: Write it\n" });
      expect(fake.count()).toBe(2);
      expect(project.report().steps["draft"]).toMatchObject({ attempts: 1 });
    },
  );

  story("is bounded by the step's timeout: the call is ended and tried again", async ({ fake, project }) => {
    project.write("flow.yaml", flow(HAIKU, ", timeout: 3s, retry: { max_attempts: 2, backoff: fixed, delay: 1ms }"));
    const hangs = fake.on("Write it", () => {
      hangs();
      return { kind: "hang" };
    });

    const run = await project.muster("run", "flow.yaml", "--report", "report.json");
    expect(run).toMatchObject({ code: 0, stdout: "Answer to: Write it\n" });
    expect(run.stderr).toContain("retry  draft  attempt 1: timeout: 'draft' did not end within 3s; again in ");
    expect(fake.count()).toBe(2);
    expect(fake.inFlight).toBe(0);
    expect(project.report().steps["draft"]).toMatchObject({ attempts: 2, error: null });
  });
});
