import { describe, expect, it } from "vitest";
import { readRun } from "../../../../src/engine/local/read-run.ts";
import { resumePlan } from "../../../../src/engine/local/recall.ts";
import { plainResult, type StepHandler } from "../../../../src/engine/step/handler.ts";
import { Story, planOfText, type Chapter } from "../../../rig/engine/story.ts";

const head = "muster: 1\nname: story\nagents: { writer: { model: anthropic/claude-haiku-5-5 } }\nsteps:\n";

/** The steps of the report: how each ended. */
function statuses({ report }: Chapter): { readonly [id: string]: unknown } {
  return Object.fromEntries(
    Object.entries(report["steps"] as { readonly [id: string]: { readonly status: string } }).map(([id, step]) => [
      id,
      step.status,
    ]),
  );
}

/** What the preview says of each step that runs again. */
function again({ recall }: Chapter): { readonly [id: string]: readonly string[] } {
  if (recall === null) throw new Error("nothing was recalled");
  const steps = resumePlan(recall).steps.filter((step) => step.again.length > 0);
  return Object.fromEntries(
    steps.map((step) => [step.path, step.again.map(({ reason, units }) => `${units} ${reason}`)]),
  );
}

describe("a resume of a failed run", () => {
  const manifest = `${head}
  first: { agent: writer, task: First. }
  caught: { agent: writer, task: Caught., on_error: continue }
  broken: { agent: writer, task: "{{ steps.first.output }}" }
  last: { agent: writer, task: "{{ steps.broken.output }}" }
`;

  it("tries uncaught failures anew, keeps successes and caught failures, and loses no spend", async () => {
    const story = new Story();
    const one = await story.chapter(manifest, [
      { step: "first", reply: "one", usage: [10, 1] },
      { step: "caught", fail: { class: "refused", usage: [20, 2] } },
      { step: "broken", fail: { class: "server", usage: [40, 4] } },
    ]);
    expect(statuses(one)).toEqual({ first: "succeeded", caught: "failed", broken: "failed", last: "skipped" });

    const two = await story.chapter(manifest, [
      { step: "broken", reply: "mended", usage: [80, 8] },
      { step: "last", reply: "end", usage: [160, 16] },
    ]);
    expect(again(two)).toEqual({ broken: ["1 failed"] });
    expect(two.asked).toEqual(["broken", "last"]);
    expect(statuses(two)).toEqual({ first: "succeeded", caught: "failed", broken: "succeeded", last: "succeeded" });
    expect(two.report).toMatchObject({
      status: "succeeded",
      usage: { calls: 5, input_tokens: 310, output_tokens: 31 },
    });
  });

  it("keeps the carried spend over a second failure", async () => {
    const story = new Story();
    const done = { step: "first", reply: "one", usage: [1, 1] } as const;
    const caught = { step: "caught", reply: "fine", usage: [1, 1] } as const;
    await story.chapter(manifest, [done, caught, { step: "broken", fail: { class: "refused", usage: [10, 1] } }]);
    await story.chapter(manifest, [{ step: "broken", fail: { class: "refused", usage: [100, 1] } }]);
    const three = await story.chapter(manifest, [
      { step: "broken", reply: "x", usage: [1000, 1] },
      { step: "last", reply: "x", usage: [1, 1] },
    ]);
    expect(three.outcome.spend.usage).toMatchObject({ calls: 6, inputTokens: 1113 });
  });

  it("tries a step again that `fail_fast` had stopped", async () => {
    const fast = `${head}
  fan: { for_each: [a, b, c], max_parallel: 1, fail_fast: true, agent: writer, task: "{{ item }}" }
`;
    const story = new Story();
    await story.chapter(fast, [
      { step: "fan[0]", reply: "A" },
      { step: "fan[1]", fail: { class: "refused" } },
    ]);
    const two = await story.chapter(fast, [
      { step: "fan[1]", reply: "B" },
      { step: "fan[2]", reply: "C" },
    ]);
    expect(two.report).toMatchObject({ status: "succeeded", steps: { fan: { output: ["A", "B", "C"], reused: 1 } } });
  });
});

describe("a resume after a crash", () => {
  it("asks nobody for a join that is decided, and lists nothing to run", async () => {
    const manifest = `${head}
  race: { for_each: [a, b, c], join: any, agent: writer, task: "{{ item }}" }
  last: { agent: writer, task: "{{ steps.race.output }}" }
`;
    const story = new Story();
    // Commits: start, three calls, the winner (with the end of the race), the losers' end and the last call.
    const one = await story.chapter(
      manifest,
      [
        { step: "race[0]", hang: true },
        { step: "race[1]", reply: "B" },
        { step: "race[2]", hang: true },
        { step: "last", hang: true },
      ],
      { death: { atCommit: 4, isDurable: true } },
    );
    expect(one.outcome.status).toBe("not_saved");

    const two = await story.chapter(manifest, [{ step: "last", reply: "end" }]);
    expect(again(two)).toEqual({ last: ["1 lost"] });
    expect(two.asked).toEqual(["last"]);
    expect(two.report).toMatchObject({ status: "succeeded", steps: { race: { output: "B" } } });
  });

  it("shows a step what it saw the first time, although more has ended since", async () => {
    const manifest = `${head}
  slow: { agent: writer, task: Slow. }
  one: { agent: writer, task: One. }
  two: { needs: one, agent: writer, task: Two. }
  three: { needs: two, agent: writer, task: Three. }
  quick: { needs: three, agent: writer, task: Quick. }
  reader: { needs: { any: [slow, quick] }, agent: writer, task: "{{ steps.quick.output }}, {{ steps.slow.output }}" }
  last: { needs: [reader, slow], agent: writer, task: Last. }
`;
    const story = new Story();
    const one = await story.chapter(
      manifest,
      [
        { step: "slow", reply: "s", afterMs: 500 },
        ...["one", "two", "three"].map((step) => ({ step, reply: step, afterMs: 0 })),
        { step: "quick", reply: "q", afterMs: 100 },
        { step: "reader", reply: "r", afterMs: 100 },
        { step: "last", hang: true },
      ],
      // Commits: start, two calls, one to three end, quick ends and the reader's start, the reader's end, slow and the start of the last.
      { death: { atCommit: 7, isDurable: true } },
    );
    expect(one.calls[5]?.request.messages).toEqual([{ role: "user", text: "q, " }]);
    const two = await story.chapter(manifest, [{ step: "last", reply: "l" }]);
    expect(two.asked).toEqual(["last"]);
    expect(two.report).toMatchObject({ status: "succeeded", steps: { reader: { output: "r", reused: 1 } } });
  });

  it("asks again under the same idempotency key, which no other unit has", async () => {
    const manifest = `${head}
  fan: { for_each: [a, b], agent: writer, task: "{{ item }}" }
  other: { agent: writer, task: a }
`;
    const story = new Story();
    const hangs = ["fan[0]", "fan[1]", "other"].map((step) => ({ step, hang: true }) as const);
    const one = await story.chapter(manifest, hangs, { death: { atCommit: 2, isDurable: false } });
    const two = await story.chapter(
      manifest,
      ["fan[0]", "fan[1]", "other"].map((step) => ({ step, reply: "x" })),
    );
    const keys = ({ calls }: Chapter) => new Map(calls.map(({ context }) => [context.step, context.idempotencyKey]));
    expect(keys(two)).toEqual(keys(one));
    expect(new Set(keys(one).values()).size).toBe(3);
  });

  it("reads a run that has ended from its facts alone, races and stopped items too", async () => {
    const manifest = `${head}
  race: { for_each: [a, b, c], join: any, agent: writer, task: "{{ item }}" }
  fast: { for_each: [a, b], max_parallel: 1, fail_fast: true, agent: writer, task: "{{ item }}", on_error: continue }
outputs: { race: "\${{ steps.race.output }}" }
`;
    const story = new Story();
    const { outcome, around } = await story.chapter(manifest, [
      { step: "race[0]", hang: true },
      { step: "race[1]", reply: "B" },
      { step: "race[2]", hang: true },
      { step: "fast[0]", fail: { class: "refused" } },
    ]);
    const summary = story.store.findRun("R");
    if (summary === null) throw new Error("there is no run");
    const read = readRun(summary, planOfText(manifest), { ...around, store: story.store });
    if (!read.ok) throw new Error(read.error.message);
    expect(read.value.ending).toEqual({ status: "succeeded", outputs: { race: "B" }, failure: null });
    expect(read.value.pending).toEqual([]);
    expect(read.value.record.steps.map(({ status, items }) => [status, items?.map((item) => item.status)])).toEqual(
      outcome.record.steps.map(({ status, items }) => [status, items?.map((item) => item.status)]),
    );
  });

  it("pays no reply of a repaired task twice", async () => {
    const manifest = `${head}
  judge: { agent: writer, task: Judge., output: { type: object, properties: { ok: { type: boolean } }, required: [ok] } }
`;
    const story = new Story();
    // Commits: start, the first call's start, its reply (at once, before the repair is asked for).
    await story.chapter(
      manifest,
      [
        { step: "judge", reply: "no JSON", usage: [10, 1] },
        { step: "judge", hang: true },
      ],
      { death: { atCommit: 3, isDurable: true } },
    );
    const two = await story.chapter(manifest, [{ step: "judge", reply: { ok: true }, usage: [100, 1] }]);
    expect(two.calls.map(({ request }) => request.messages.length)).toEqual([3]);
    expect(two.report).toMatchObject({
      status: "succeeded",
      usage: { calls: 2, input_tokens: 110 },
      steps: { judge: { output: { ok: true }, usage: { calls: 2 } } },
    });
  });

  it("waits for a retry from the end of the attempt that failed, not from the resume on", async () => {
    const manifest = `${head}
  draft: { agent: writer, task: Draft., retry: { max_attempts: 2, delay: 10s, jitter: false } }
`;
    const story = new Story();
    // Commits: start, the first attempt's start, its failure with the retry to come, the lease renewed at 5 s.
    await story.chapter(manifest, [{ step: "draft", fail: { class: "server" }, afterMs: 0 }], {
      death: { atCommit: 3, isDurable: true },
    });
    const diedAt = story.clock.monotonic();
    expect(diedAt).toBe(5000);
    const two = await story.chapter(manifest, [{ step: "draft", attempt: 2, reply: "done", afterMs: 0 }]);
    expect(two.outcome.status).toBe("succeeded");
    expect(story.clock.monotonic()).toBe(10_000);
  });

  it("does not repeat an unsafe effect whose outcome nobody knows, until a person says so", async () => {
    const manifest = `${head}
  deploy: { run: deploy }
  after: { agent: writer, task: "{{ steps.deploy.output }}" }
`;
    let deploys = 0;
    const runStep = (result: "hangs" | "works"): StepHandler => ({
      prepare: () => ({
        ok: true,
        value: {
          kind: "later",
          model: null,
          isWaiting: false,
          run: async () => {
            deploys += 1;
            if (result === "hangs") await new Promise(() => {});
            return plainResult({ ok: true, output: "deployed" });
          },
        },
      }),
    });
    const story = new Story();
    await story.chapter(manifest, [], { runStep: runStep("hangs"), death: { atCommit: 2, isDurable: true } });
    expect(deploys).toBe(1);

    const two = await story.chapter(manifest, [], { runStep: runStep("works") });
    expect(deploys).toBe(1);
    expect(two.outcome).toMatchObject({ status: "failed", failure: { code: "outcome_unknown" } });

    const again = await story.chapter(manifest, [], { runStep: runStep("works") });
    expect(again.outcome).toMatchObject({ status: "failed", failure: { code: "outcome_unknown" } });
    expect(deploys).toBe(1);

    const four = await story.chapter(manifest, [{ step: "after", reply: "end" }], {
      runStep: runStep("works"),
      rerun: ["deploy"],
    });
    expect(deploys).toBe(2);
    expect(four.report).toMatchObject({ status: "succeeded", steps: { deploy: { output: "deployed" } } });
  });
});

it("what a loser of a race has cost counts, though its outcome does not", async () => {
  const manifest = `${head}
  race: { for_each: [a, b], join: any, agent: writer, task: "{{ item }}" }
  last: { agent: writer, task: "{{ steps.race.output }}" }
`;
  const story = new Story();
  const { report } = await story.chapter(manifest, [
    { step: "race[0]", hang: true, usage: [50, 5] },
    { step: "race[1]", reply: "B", usage: [100, 10] },
    { step: "last", reply: "end", usage: [1, 1] },
  ]);
  expect(report).toMatchObject({
    usage: { calls: 3, input_tokens: 151 },
    steps: { race: { output: "B", usage: { calls: 2, input_tokens: 150 } } },
  });
});

it("what a loser of a race has cost counts after a resume too", async () => {
  const manifest = `${head}
  race: { for_each: [a, b], join: any, agent: writer, task: "{{ item }}" }
  last: { agent: writer, task: "{{ steps.race.output }}" }
`;
  const story = new Story();
  await story.chapter(manifest, [
    { step: "race[0]", hang: true, usage: [50, 5] },
    { step: "race[1]", reply: "B", usage: [100, 10] },
    { step: "last", fail: { class: "refused", usage: [7, 1] } },
  ]);
  const two = await story.chapter(manifest, [{ step: "last", reply: "end", usage: [1, 1] }]);
  expect(two.report).toMatchObject({
    usage: { calls: 4, input_tokens: 158 },
    steps: { race: { usage: { calls: 2, input_tokens: 150 } } },
  });
});

describe("a resume of an edited manifest", () => {
  const manifest = (b: string, list: string): string => `${head}
  a: { agent: writer, task: A. }
  b: { agent: writer, task: "${b}" }
  fan: { for_each: ${list}, agent: writer, task: "{{ item }} {{ steps.a.output }}" }
  reads_b: { agent: writer, task: "{{ steps.b.output }}" }
  end: { agent: writer, task: "{{ json steps.fan.output }}" }
`;
  const first = [
    { step: "a", reply: "a" },
    { step: "b", reply: "b" },
    { step: "fan[0]", reply: "X" },
    { step: "fan[1]", reply: "Y" },
    { step: "reads_b", reply: "from b" },
    { step: "end", fail: { class: "refused" } },
  ] as const;

  it("runs the changed step, and its readers only when its value changed", async () => {
    for (const [value, readers] of [
      ["b", []],
      ["another b", ["reads_b"]],
    ] as const) {
      const story = new Story();
      await story.chapter(manifest("B.", "[x, y]"), first);
      const script = [
        { step: "b", reply: value },
        { step: "end", reply: "end" },
        ...readers.map((step) => ({ step, reply: "again" })),
      ];
      const two = await story.chapter(manifest("B, but better.", "[x, y]"), script);
      expect(again(two)).toEqual({ b: ["1 step_changed"], end: ["1 failed"] });
      expect(two.asked.toSorted()).toEqual(["b", "end", ...readers]);
      expect(two.outcome.status).toBe("succeeded");
    }
  });

  it("runs one entry of a list that is new, wherever it stands, and keeps the others", async () => {
    const story = new Story();
    await story.chapter(manifest("B.", "[x, y]"), first);
    const two = await story.chapter(manifest("B.", "[y, new, x]"), [
      { step: "fan[1]", reply: "NEW" },
      { step: "end", reply: "end" },
    ]);
    expect(again(two)).toEqual({ fan: ["1 new"] });
    expect(two.calls[0]?.request.messages).toEqual([{ role: "user", text: "new a" }]);
    expect(two.report).toMatchObject({ status: "succeeded", steps: { fan: { output: ["Y", "NEW", "X"], reused: 2 } } });
  });

  it("finds the facts of a text again when an edit is taken back", async () => {
    const story = new Story();
    const fail = { step: "end", fail: { class: "refused" } } as const;
    await story.chapter(manifest("B.", "[x, y]"), first);
    await story.chapter(manifest("Other.", "[x, y]"), [
      { step: "b", reply: "other" },
      { step: "reads_b", reply: "r" },
      fail,
    ]);
    const three = await story.chapter(manifest("B.", "[x, y]"), [{ step: "end", reply: "end" }]);
    expect(three.asked).toEqual(["end"]);
  });
});

it("a run that cannot save any more waits for nothing: no timer of it holds up the process", async () => {
  const story = new Story();
  const open = new Set<object>();
  const after = story.clock.after.bind(story.clock);
  Object.assign(story.clock, {
    after(ms: number, callback: () => void) {
      const timer = {};
      open.add(timer);
      const cancel = after(ms, () => {
        open.delete(timer);
        callback();
      });
      return () => {
        open.delete(timer);
        cancel();
      };
    },
  });
  const manifest = `${head}
  one: { agent: writer, task: One. }
  other: { agent: writer, task: "{{ steps.one.output }}" }
`;
  const steps = [{ step: "one", reply: "1" }] as const;
  const { outcome } = await story.chapter(manifest, steps, { death: { atCommit: 1, isDurable: false } });
  expect(outcome.status).toBe("not_saved");
  expect(open.size).toBe(0);
});
