import { describe, expect, it } from "vitest";
import type { StepProgress } from "../../../src/run/progress.ts";
import { planOf, START, Teller } from "../../rig/progress.ts";

const plan = planOf(`  fetch: { run: "true" }
  items: { needs: fetch, for_each: "\${{ [1, 2, 3, 4] }}", agent: a, task: x }
  report: { needs: [items, fetch], agent: a, task: x }
`);

const called = {
  model: "anthropic/claude-haiku-5-5",
  input_tokens: 100,
  output_tokens: 10,
  cache_read_tokens: 5,
  cache_write_tokens: 1,
  cost_usd: 0.25,
};

function stepOf({ progress }: Teller, path: string): StepProgress {
  const step = progress.steps.find((one) => one.path === path);
  if (step === undefined) throw new Error(path);
  return step;
}

/** `items` with one item done, one failed, one in flight. */
function underWay(): Teller {
  const teller = new Teller(plan)
    .tell(0, "run.started")
    .done("fetch", 0, 10)
    .tell(10, "step.started", { step: "items", data: { items: 4 } });
  for (const item of [0, 1, 2])
    teller.tell(20, "attempt.started", { step: "items", item, attempt: 1, data: { model: called.model } });
  return teller
    .tell(30, "model.called", { step: "items", item: 0, data: called })
    .tell(30, "item.succeeded", { step: "items", item: 0 })
    .tell(40, "attempt.failed", { step: "items", item: 1, attempt: 1, data: { class: "exit", message: "no" } })
    .tell(40, "item.failed", { step: "items", item: 1, data: { class: "exit", message: "no" } });
}

const counts = ({ items }: StepProgress) => items && [items.total, items.running, items.succeeded, items.failed];

describe("the progress of a run", () => {
  it("counts items, tokens and cost while they come", () => {
    const teller = underWay();
    const items = stepOf(teller, "items");
    expect([items.phase, items.model, counts(items)]).toEqual(["running", called.model, [4, 1, 1, 1]]);
    expect(teller.progress.spend()).toEqual({ tokens: 116, costUsd: 0.25, isCostUnknown: false });
    teller.tell(50, "model.called", { step: "items", item: 2, data: { ...called, cost_usd: null } });
    expect(teller.progress.spend()).toEqual({ tokens: 232, costUsd: 0.25, isCostUnknown: true });
  });

  it("takes the figures of the end, which know more", () => {
    const teller = underWay().tell(90, "step.succeeded", {
      step: "items",
      data: { duration_ms: 85, tokens: 500, cost_usd: 1, items: { total: 4, succeeded: 3, failed: 1, cancelled: 0 } },
    });
    const items = stepOf(teller, "items");
    expect([items.phase, counts(items), items.startedAt, items.endedAt]).toEqual([
      "succeeded",
      [4, 0, 3, 1],
      START + 5,
      START + 90,
    ]);
    expect(teller.progress.spend()).toMatchObject({ tokens: 500, costUsd: 1 });
    expect(teller.progress.done()).toBe(2);
  });

  it("says what a step still waits for, in order", () => {
    const teller = new Teller(plan).tell(0, "run.started");
    const waiting = () => teller.progress.waitsFor(stepOf(teller, "report")).map(({ path }) => path);
    expect(waiting()).toEqual(["fetch", "items"]);
    teller.done("fetch", 0, 10);
    expect(waiting()).toEqual(["items"]);
  });

  it("of a new start has nothing in flight, keeps what is done, and tries again what failed", () => {
    const teller = underWay().tell(100, "run.interrupted");
    expect(teller.progress.endedAt).toBe(START + 100);
    teller.tell(1000, "run.started", { data: { epoch: 2 } });
    expect(teller.progress.steps.map(({ phase }) => phase)).toEqual(["succeeded", "pending", "pending"]);
    expect(counts(stepOf(teller, "items"))).toEqual([4, 0, 1, 1]);
    teller
      .tell(1001, "step.started", { step: "items", data: { items: 4 } })
      .tell(1002, "attempt.started", { step: "items", item: 1, attempt: 2 });
    expect(counts(stepOf(teller, "items"))).toEqual([4, 1, 1, 0]);
  });

  it("shows a wait for the next attempt, and its end", () => {
    const teller = new Teller(plan).tell(0, "run.started").tell(1, "step.started", { step: "fetch" });
    teller.tell(5, "attempt.failed", {
      step: "fetch",
      attempt: 1,
      data: { class: "exit", message: "exit code 3", retry_in_ms: 100 },
    });
    expect(stepOf(teller, "fetch")).toMatchObject({
      phase: "retrying",
      retryAt: START + 105,
      problem: "exit: exit code 3",
    });
    teller.tell(105, "attempt.started", { step: "fetch", attempt: 2 });
    expect(stepOf(teller, "fetch")).toMatchObject({ phase: "running", attempt: 2, retryAt: null });
  });

  it("counts what happens inside a step for it, and ignores what it does not know", () => {
    const teller = new Teller(plan).tell(0, "run.started").tell(1, "step.started", { step: "report" });
    teller
      .tell(2, "model.called", { step: "report/inner", data: called })
      .tell(3, "step.failed", { step: "report/inner", data: { class: "exit", message: "no" } });
    teller.tell(4, "step.started", { step: "stranger" }).tell(5, "item.succeeded", { step: "report", item: 7 });
    teller.tell(6, "never.heard.of" as "log", { step: "report" });
    expect(stepOf(teller, "report")).toMatchObject({ phase: "running", tokens: 116, problem: null });
  });

  describe("with groups", () => {
    const grouped = planOf(`  fetch: { run: "true" }
  chapters:
    needs: fetch
    for_each: ["a", "b"]
    steps:
      draft: { agent: a, task: x }
      check: { needs: draft, run: "true" }
  end:
    needs: chapters
    steps:
      sum: { run: "true" }
`);
    const rows = ({ progress }: Teller): string[] => progress.rows().map(({ path, phase }) => `${path} ${phase}`);

    it("shows the steps inside of one while it is at work", () => {
      const teller = new Teller(grouped).tell(0, "run.started").done("fetch", 0, 10);
      expect(rows(teller)).toEqual(["fetch succeeded", "chapters pending", "end pending"]);
      teller
        .tell(10, "step.started", { step: "chapters", data: { items: 2 } })
        .tell(10, "step.started", { step: "chapters[0]/draft" });
      expect(rows(teller)).toEqual([
        "fetch succeeded",
        "chapters running",
        "chapters/draft running",
        "chapters/check pending",
        "end pending",
      ]);
      expect(teller.progress.waitsFor(stepOf(teller, "end")).map(({ path }) => path)).toEqual(["chapters"]);
      teller.tell(20, "step.succeeded", { step: "chapters", data: { duration_ms: 10 } });
      expect(rows(teller)).toEqual(["fetch succeeded", "chapters succeeded", "end pending"]);
    });

    it("counts the instances of a step inside of a list, and their spend for all around them", () => {
      const teller = new Teller(grouped)
        .tell(0, "run.started")
        .tell(10, "step.started", { step: "chapters", data: { items: 2 } });
      for (const item of [0, 1]) teller.tell(11, "step.started", { step: `chapters[${item}]/draft` });
      teller
        .tell(12, "model.called", { step: "chapters[1]/draft", data: called })
        .tell(13, "step.succeeded", { step: "chapters[1]/draft" });
      const draft = teller.progress.rows().find(({ path }) => path === "chapters/draft");
      expect([draft?.phase, draft?.tokens, draft && counts(draft)]).toEqual(["running", 116, [2, 1, 1, 0]]);
      expect([stepOf(teller, "chapters").tokens, teller.progress.spend().tokens]).toEqual([116, 116]);
      teller.tell(14, "step.failed", { step: "chapters[0]/draft", data: { class: "exit", message: "no" } });
      expect([draft?.phase, draft && counts(draft)]).toEqual(["succeeded", [2, 0, 1, 1]]);
    });

    it("is done with a step inside of a list after the last item only, and knows which items are at work", () => {
      const teller = new Teller(grouped)
        .tell(0, "run.started")
        .tell(10, "step.started", { step: "chapters", data: { items: 2 } })
        .done("chapters[1]/draft", 11, 13);
      const draft = teller.progress.rows().find(({ path }) => path === "chapters/draft");
      expect([draft?.phase, draft && counts(draft)]).toEqual(["pending", [1, 0, 1, 0]]);
      expect(counts(stepOf(teller, "chapters"))).toEqual([2, 1, 0, 0]);
      teller.tell(14, "item.succeeded", { step: "chapters", item: 1 }).done("chapters[0]/draft", 15, 16);
      expect([draft?.phase, draft && counts(draft)]).toEqual(["succeeded", [2, 0, 2, 0]]);
      expect(counts(stepOf(teller, "chapters"))).toEqual([2, 1, 1, 0]);
    });
  });
});
