import { describe, expect, it } from "vitest";
import type { Template } from "../../../../src/expression/template.ts";
import type { Plan, PlannedFan, PlannedScope, PlannedStep, PlannedSubWorkflow } from "../../../../src/plan/types.ts";
import { Story } from "../../../rig/engine/story.ts";
import { modelOf, planOf, stepOf } from "../../plan/fixture.ts";

const cel = (source: string): Template => ({ kind: "cel", source });
const text = (source: string): Template => ({ kind: "text", source });
const needs = (...of: number[]): PlannedStep["needs"] => (of.length === 0 ? [] : [{ of, required: of.length }]);

const agents = {
  writer: { instructions: null, models: [modelOf("anthropic/a")] },
  chief: { instructions: null, models: [modelOf("anthropic/b")] },
};

/** An agent step: its task is a text. */
const agent = (id: string, task: string, more: Partial<PlannedStep> = {}): PlannedStep =>
  stepOf({ id, body: { kind: "agent", agent: "writer", task: text(task), models: null, modelsByItem: null }, ...more });

const each = (items: Template, more: Partial<PlannedFan> = {}): PlannedFan => ({
  variable: "item",
  items,
  glob: null,
  itemKey: null,
  batch: null,
  maxItems: 1000,
  maxParallel: null,
  failFast: false,
  join: { kind: "all" },
  size: null,
  ...more,
});

const scope = (
  steps: readonly PlannedStep[],
  outputs: PlannedScope["outputs"] = {},
  workflow: PlannedSubWorkflow | null = null,
): PlannedScope => ({ steps, outputs, workflow });

const plan = (scopes: readonly PlannedScope[]): Plan => planOf([], { agents, scopes });

describe("a group", () => {
  const list = [0, 1, 2].map((n) => `item${n}`);
  const story = plan([
    scope(
      [
        stepOf({ id: "start", body: { kind: "value", value: { kind: "literal", value: "go" } } }),
        stepOf({
          id: "group",
          body: { kind: "steps", scope: 1 },
          timeoutMs: null,
          needs: needs(0),
          fan: each({ kind: "literal", value: list }),
        }),
      ],
      { all: cel("steps.group.output") },
    ),
    scope(
      [
        agent("draft", "{{ steps.start.output }} {{ item }} {{ index }}"),
        agent("edit", "{{ steps.draft.output }} of {{ item }}", { needs: needs(0) }),
      ],
      { text: cel("steps.edit.output"), item: cel("item") },
    ),
  ]);

  it("runs its steps for each item, and they see the names around them", async () => {
    const { report, calls } = await new Story().chapter(
      story,
      list.flatMap((_, i) => [
        { step: `group[${i}]/draft`, reply: `draft ${i}` },
        { step: `group[${i}]/edit`, reply: `edit ${i}` },
      ]),
    );
    expect(calls.map(({ request }) => request.messages[0]?.text)).toEqual([
      "go item0 0",
      "go item1 1",
      "go item2 2",
      "draft 0 of item0",
      "draft 1 of item1",
      "draft 2 of item2",
    ]);
    expect(report["outputs"]).toEqual({ all: list.map((item, i) => ({ text: `edit ${i}`, item })) });
    expect(report).toMatchObject({
      usage: { calls: 6 },
      steps: {
        group: {
          attempts: 3,
          usage: { calls: 6 },
          results: [{ steps: { "group[0]/edit": { output: "edit 0" } } }, {}, {}],
        },
      },
    });
  });

  it("goes on after a crash inside of an item: each inner step has facts of its own", async () => {
    const told = new Story();
    const one = await told.chapter(
      story,
      [
        { step: "group[0]/draft", reply: "draft 0" },
        { step: "group[1]/draft", reply: "draft 1", afterMs: 200 },
        { step: "group[2]/draft", hang: true },
        { step: "group[0]/edit", hang: true },
        { step: "group[1]/edit", hang: true },
      ],
      { death: { atCommit: 4, isDurable: true } },
    );
    expect(one.outcome.status).toBe("not_saved");
    const two = await told.chapter(story, [
      { step: "group[0]/edit", reply: "edit 0" },
      { step: "group[1]/edit", reply: "edit 1" },
      { step: "group[2]/draft", reply: "draft 2" },
      { step: "group[2]/edit", reply: "edit 2" },
    ]);
    expect(two.report).toMatchObject({
      status: "succeeded",
      outputs: { all: [{ text: "edit 0" }, { text: "edit 1" }, { text: "edit 2" }] },
    });
  });

  it("fails with the failure of its step, and a resume tries only that again", async () => {
    const told = new Story();
    const one = await told.chapter(story, [
      { step: "group[0]/draft", reply: "draft 0" },
      { step: "group[1]/draft", fail: { class: "refused" } },
      { step: "group[2]/draft", reply: "draft 2" },
      { step: "group[0]/edit", reply: "edit 0" },
      { step: "group[2]/edit", reply: "edit 2" },
    ]);
    expect(one.report).toMatchObject({ status: "failed", error: { class: "refused" } });
    const two = await told.chapter(story, [
      { step: "group[1]/draft", reply: "draft 1" },
      { step: "group[1]/edit", reply: "edit 1" },
    ]);
    expect(two.report).toMatchObject({ status: "succeeded", usage: { calls: 6 } });
  });

  it("starts afresh in a second attempt", async () => {
    const retried = plan([
      scope([
        stepOf({
          id: "group",
          body: { kind: "steps", scope: 1 },
          timeoutMs: null,
          retry: { maxAttempts: 2, backoff: "fixed", delayMs: 10, maxDelayMs: 10, jitter: false, on: ["server"] },
        }),
      ]),
      scope([agent("a", "A"), agent("b", "{{ steps.a.output }}", { needs: needs(0) })], { b: cel("steps.b.output") }),
    ]);
    const { report, asked } = await new Story().chapter(retried, [
      { step: "group/a", reply: "one" },
      { step: "group/b", fail: { class: "server" } },
      { step: "group/a", reply: "two" },
      { step: "group/b", reply: "end" },
    ]);
    expect(asked).toEqual(["group/a", "group/b", "group/a", "group/b"]);
    expect(report).toMatchObject({ status: "succeeded", steps: { group: { output: { b: "end" }, attempts: 2 } } });
  });

  it("ends by its timeout, with everything inside", async () => {
    const slow = plan([
      scope([stepOf({ id: "group", body: { kind: "steps", scope: 1 }, timeoutMs: 1000 })]),
      scope([agent("a", "A")]),
    ]);
    const { report } = await new Story().chapter(slow, [{ step: "group/a", hang: true }]);
    expect(report).toMatchObject({
      status: "failed",
      error: { class: "timeout" },
      steps: { "group/a": { status: "cancelled" } },
    });
  });
});

describe("a sub-workflow", () => {
  const child: PlannedSubWorkflow = {
    name: "child",
    version: "2.0.0",
    path: "./child.yaml",
    inputs: {
      topic: { schema: { type: "string" }, required: true, default: null },
      tone: { schema: { type: "string" }, required: false, default: "dry" },
    },
    env: { GREETING: text("hello {{ inputs.topic }}") },
    secrets: [],
  };
  const uses = (topic: Template): Plan =>
    plan([
      scope([stepOf({ id: "launch", body: { kind: "uses", scope: 1, with: { topic } }, timeoutMs: null })], {
        said: cel("steps.launch.output.said"),
      }),
      scope(
        [agent("say", "{{ env.GREETING }}, {{ inputs.tone }}, {{ run.name }} {{ run.version }}")],
        { said: cel("steps.say.output") },
        child,
      ),
    ]);

  it("sees what is passed to it, its defaults and its own env", async () => {
    const { calls, report } = await new Story().chapter(uses({ kind: "literal", value: "tea" }), [
      { step: "launch/say", reply: "done" },
    ]);
    expect(calls[0]?.request.messages[0]?.text).toBe("hello tea, dry, child 2.0.0");
    expect(report["outputs"]).toEqual({ said: "done" });
  });

  it("refuses inputs that do not fit, before anything starts in it", async () => {
    const { report } = await new Story().chapter(uses({ kind: "literal", value: 7 }), []);
    expect(report).toMatchObject({
      status: "failed",
      error: { class: "invalid", code: "bad_inputs", message: expect.stringContaining("./child.yaml: input 'topic'") },
    });
  });
});

describe("rounds, stages, batches and waits", () => {
  it("repeat runs until the condition holds, with the round before in reach, and keeps every round", async () => {
    const rounds = plan([
      scope(
        [agent("draft", "previous: {{ previous }}", { repeat: { until: "output == 'good'", max: 4, delayMs: 0 } })],
        { text: cel("steps.draft.output"), results: cel("size(steps.draft.results)") },
      ),
    ]);
    const { calls, report } = await new Story().chapter(rounds, [
      { step: "draft", reply: "bad" },
      { step: "draft", reply: "better" },
      { step: "draft", reply: "good" },
    ]);
    expect(calls.map(({ request }) => request.messages[0]?.text)).toEqual([
      "previous: ",
      "previous: bad",
      "previous: better",
    ]);
    expect(report["outputs"]).toEqual({ text: "good", results: 3 });
  });

  it("repeat goes on after a crash in the round that it was in, and fails at the last", async () => {
    const rounds = plan([
      scope([
        agent("draft", "previous: {{ previous }}", { repeat: { until: "output == 'good'", max: 2, delayMs: 0 } }),
      ]),
    ]);
    const told = new Story();
    await told.chapter(
      rounds,
      [
        { step: "draft", reply: "bad" },
        { step: "draft", hang: true },
      ],
      { death: { atCommit: 3, isDurable: true } },
    );
    const two = await told.chapter(rounds, [{ step: "draft", reply: "worse" }]);
    expect(two.calls[0]?.request.messages[0]?.text).toBe("previous: bad");
    expect(two.report).toMatchObject({ status: "failed", error: { class: "output", code: "repeat_exhausted" } });
  });

  it("fallback gives the task to another agent, or another model, when the first is spent", async () => {
    const fallback = [
      { agent: null, models: [modelOf("anthropic/c")] },
      { agent: "chief", models: null },
    ];
    const { calls, report } = await new Story().chapter(
      plan([scope([agent("draft", "Write.", { fallback })], { text: cel("steps.draft.output") })]),
      [
        { step: "draft", model: "a", fail: { class: "refused" } },
        { step: "draft", model: "c", fail: { class: "refused" } },
        { step: "draft", model: "b", reply: "done" },
      ],
    );
    expect(calls.map(({ request }) => request.model)).toEqual(["a", "c", "b"]);
    expect(report).toMatchObject({ status: "succeeded", outputs: { text: "done" } });
  });

  it("batch gives several items to one unit, and one result back for each; a wrong count is a failure", async () => {
    const output = { type: "array", items: { type: "string" } };
    const fan = each(
      { kind: "literal", value: ["a", "b", "c"] },
      { variable: "items", batch: { size: 2, flatten: true } },
    );
    const batches = plan([
      scope([agent("up", "{{ json items }}", { fan, output, onError: { kind: "continue" } })], {
        all: cel("steps.up.output"),
        results: cel("steps.up.results.map(r, r.item)"),
      }),
    ]);
    const well = await new Story().chapter(batches, [
      { step: "up[0]", reply: ["A", "B"] },
      { step: "up[1]", reply: ["C"] },
    ]);
    expect(well.report["outputs"]).toEqual({ all: ["A", "B", "C"], results: ["a", "b", "c"] });
    const wrong = await new Story().chapter(batches, [
      { step: "up[0]", reply: ["A"] },
      { step: "up[1]", reply: ["C"] },
    ]);
    expect(wrong.report).toMatchObject({
      steps: {
        up: {
          status: "failed",
          results: [
            { item: "a", error: { code: "batch_count" } },
            { item: "b", error: { code: "batch_count" } },
            { item: "c", output: "C" },
          ],
        },
      },
    });
  });

  it("wait holds no slot, and its end is counted from its first start", async () => {
    const waiting = planOf([], {
      agents,
      limits: { concurrency: 1, timeoutMs: 3_600_000, graceMs: 1000 },
      scopes: [
        scope([
          stepOf({ id: "pause", body: { kind: "wait", forMs: 60_000, until: null }, timeoutMs: null }),
          agent("a", "A"),
        ]),
      ],
    });
    const told = new Story();
    const at = told.clock.now();
    await told.chapter(waiting, [{ step: "a", reply: "done" }], { death: { atCommit: 3, isDurable: true } });
    const two = await told.chapter(waiting, []);
    expect(two.report).toMatchObject({ status: "succeeded", steps: { pause: { status: "succeeded", output: null } } });
    expect(told.clock.now() - at).toBeLessThan(61_000);
  });

  it("finally runs whatever happened, and sees how the body ended", async () => {
    const ends = plan([
      scope([
        agent("work", "Work."),
        agent("clean", "{{ run.status }}: {{ run.error.code }}", { isFinally: true, whenSettled: true }),
      ]),
    ]);
    const { calls, report } = await new Story().chapter(ends, [
      { step: "work", fail: { class: "refused", code: "no" } },
      { step: "clean", reply: "tidy" },
    ]);
    expect(calls[1]?.request.messages[0]?.text).toBe("failed: no");
    expect(report).toMatchObject({ status: "failed", steps: { clean: { status: "succeeded" } } });
  });
});
