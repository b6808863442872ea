import { describe, expect, it } from "vitest";
import type { Task } from "../../../src/agent/assignment.ts";
import { runTask } from "../../../src/agent/task.ts";
import { uncapped } from "../../../src/plan/permissions.ts";
import type { ToolName } from "../../../src/plan/tool-table.ts";
import type { Tool, ToolOutcome } from "../../../src/tool/tool.ts";
import { jsonText, type Json, type JsonObject } from "../../../src/util/json.ts";
import { memoryToolJournal } from "../../rig/call-journal.ts";
import type { ScriptedAnswer } from "../../rig/scripted-provider.ts";
import { settingOf, strong, fast, taskOf } from "./fixture.ts";

type Effect = Tool["effect"];

/** A tool that answers as the test says, and the calls that it got. */
function toolOf(name: ToolName, effect: Effect, run: (input: JsonObject) => Promise<ToolOutcome>): Tool {
  const inputSchema = { type: "object", properties: { n: { type: "integer" } }, additionalProperties: false };
  return { name, effect, spec: { name, description: "", inputSchema }, run };
}

function withTools(tools: readonly Tool[], more: Partial<Task> & { readonly maxTurns?: number } = {}): Task {
  const { maxTurns = 5, ...rest } = more;
  const context = {
    grant: uncapped,
    workspace: "/",
    signal: new AbortController().signal,
    longestText: 1000,
    seen: new Map<string, string>(),
    state: { get: () => null, list: () => null, change: () => null },
    program: { env: {}, sandbox: "off" as const, memoryBytes: 0, cpuMs: 0, processes: 0 },
  };
  return taskOf({ ...rest, tools: { tools, specs: tools.map(({ spec }) => spec), maxTurns, context } });
}

const call = (id: string, name: string, input: JsonObject | null = {}) => ({ id, name, input });
const asks = (...calls: ReturnType<typeof call>[]): ScriptedAnswer => ({ step: "draft", reply: "", calls });
const says = (reply: Json): ScriptedAnswer => ({ step: "draft", reply });

describe("a task with tools", () => {
  it("goes on until the model answers; each reply before is a fact with what it cost", async () => {
    const look = toolOf("read_file", "none", async ({ n }) => ({ text: `saw ${jsonText(n)}` }));
    const { around, provider, recorded, events } = settingOf([
      asks(call("a", "read_file", { n: 1 }), call("b", "read_file", { n: 2 })),
      asks(call("c", "read_file", { n: 3 })),
      says("done"),
    ]);
    expect(await runTask(withTools([look]), around)).toMatchObject({ ok: true, output: "done" });
    expect(recorded.map(({ n, spend }) => [n, spend.usage?.calls])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(provider.calls[2]?.request.messages.map(({ toolResults }) => toolResults?.map(({ text }) => text))).toEqual([
      undefined,
      undefined,
      ["saw 1", "saw 2"],
      undefined,
      ["saw 3"],
    ]);
    expect(events.filter(([type]) => type === "agent.turn")).toHaveLength(3);
  });

  it("does side by side what changes nothing, and alone what changes something", async () => {
    const log: string[] = [];
    let waiting: (() => void)[] = [];
    const look = toolOf("read_file", "none", async ({ n }) => {
      log.push(`look ${jsonText(n)}`);
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        // Only when both are under way does either go on.
        if (waiting.length === 2) for (const go of waiting.splice(0)) go();
      });
      return { text: "" };
    });
    const write = toolOf("write_file", "idempotent", async ({ n }) => {
      log.push(`write ${jsonText(n)}`);
      await Promise.resolve();
      log.push(`written ${jsonText(n)}`);
      return { text: "" };
    });
    const { around } = settingOf([
      asks(
        call("a", "read_file", { n: 1 }),
        call("b", "read_file", { n: 2 }),
        call("c", "write_file", { n: 3 }),
        call("d", "write_file", { n: 4 }),
      ),
      says("done"),
    ]);
    expect((await runTask(withTools([look, write]), around)).ok).toBe(true);
    waiting = [];
    expect(log).toEqual(["look 1", "look 2", "write 3", "written 3", "write 4", "written 4"]);
  });

  it("tells the model what is wrong with a call, and goes on", async () => {
    const broken = toolOf("shell", "unsafe", () => Promise.reject(new Error("no disk")));
    const { around, provider } = settingOf([
      asks(call("a", "fly"), call("b", "shell", null), call("c", "shell", { n: "x" }), call("d", "shell")),
      says("done"),
    ]);
    expect((await runTask(withTools([broken]), around)).ok).toBe(true);
    const results = provider.calls[1]?.request.messages.at(-1)?.toolResults ?? [];
    expect(results.map(({ text, isError }) => [isError, text])).toEqual([
      [true, "there is no tool 'fly': there are shell"],
      [true, "the input is no JSON object"],
      [true, expect.stringContaining("the input does not fit:")],
      [true, "the tool itself failed: no disk"],
    ]);
  });

  it("ends at max_turns, with a failure that is not retried", async () => {
    const look = toolOf("read_file", "none", async () => ({ text: "" }));
    const { around, provider } = settingOf([asks(call("a", "read_file")), asks(call("b", "read_file"))]);
    const result = await runTask(withTools([look], { maxTurns: 2 }), around);
    expect(result).toMatchObject({ ok: false, failure: { class: "tool", code: "max_turns" } });
    expect(provider.problems()).toEqual([]);
  });

  it("repairs a typed answer once, with its tools at hand", async () => {
    const look = toolOf("read_file", "none", async () => ({ text: "7" }));
    const output = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
    const { around } = settingOf([
      asks(call("a", "read_file")),
      says("seven"),
      asks(call("b", "read_file")),
      says({ n: 7 }),
    ]);
    expect(await runTask(withTools([look], { output }), around)).toMatchObject({ ok: true, output: { n: 7 } });
  });

  it("goes on with the next model when the one that answered fails, and asks it first from then on", async () => {
    const look = toolOf("read_file", "none", async () => ({ text: "" }));
    const { around, provider } = settingOf([
      { ...asks(call("a", "read_file")), model: fast.model },
      { step: "draft", model: fast.model, fail: { class: "server" } },
      { ...asks(call("b", "read_file")), model: strong.model },
      { ...says("done"), model: strong.model },
    ]);
    expect(await runTask(withTools([look], { models: [fast, strong] }), around)).toMatchObject({ ok: true });
    expect(provider.problems()).toEqual([]);
  });

  it("keeps the conversation within the window: the oldest texts go, and it is said", async () => {
    const look = toolOf("read_file", "none", async () => ({ text: "x".repeat(60_000) }));
    const turns = Array.from({ length: 12 }, (_, n) => asks(call(`c${n}`, "read_file", { n })));
    const { around, provider, events } = settingOf([...turns, says("done")]);
    expect((await runTask(withTools([look], { maxTurns: 20 }), around)).ok).toBe(true);
    const trimmed = events.filter(([type]) => type === "context.trimmed").map(([, data]) => data);
    expect(trimmed.length).toBeGreaterThan(0);
    const texts = provider.calls.at(-1)?.request.messages.flatMap(({ toolResults }) => toolResults ?? []) ?? [];
    expect(texts[0]?.text).toMatch(/^\[taken out to make room: 60000 bytes/);
    expect(texts.at(-1)?.text).toHaveLength(60_000);
    for (const { request } of provider.calls) {
      const bytes = Buffer.byteLength(JSON.stringify(request.messages));
      expect(bytes).toBeLessThan(200_000 * 3);
    }
  });
});

describe("after a crash", () => {
  const asked = asks(call("a", "shell", { n: 1 }), call("b", "read_file", { n: 2 }));

  it("what was done is not done again; what changes nothing is", async () => {
    const done: unknown[] = [];
    const tools = [
      toolOf("shell", "unsafe", async () => ({ text: "again!" })),
      toolOf("read_file", "none", async ({ n }) => (done.push(n), { text: "fresh" })),
    ];
    const facts = new Map<string, Json | null>([
      ["1.1", { text: "done before" }],
      ["1.2", null],
    ]);
    const { around, provider } = settingOf([asked, says("done")]);
    const result = await runTask(withTools(tools), { ...around, toolCalls: memoryToolJournal(facts) });
    expect(result.ok).toBe(true);
    expect(done).toEqual([2]);
    expect(provider.calls[1]?.request.messages.at(-1)?.toolResults?.map(({ text }) => text)).toEqual([
      "done before",
      "fresh",
    ]);
  });

  it("what may not be repeated fails the attempt, before anything else of the turn is done", async () => {
    const done: unknown[] = [];
    const run = async ({ n }: JsonObject) => (done.push(n), { text: "" });
    const tools = [toolOf("shell", "unsafe", run), toolOf("read_file", "none", run)];
    const { around } = settingOf([asked]);
    const journal = memoryToolJournal(new Map([["1.1", null]]));
    const result = await runTask(withTools(tools), { ...around, toolCalls: journal });
    expect(result).toMatchObject({ ok: false, failure: { code: "outcome_unknown" } });
    expect(done).toEqual([]);
  });
});
