import { describe, expect, it } from "vitest";
import { plainResult, type StepHandler } from "../../../../src/engine/step/handler.ts";
import { answerJson } from "../../../../src/run/answer.ts";
import { failure } from "../../../../src/run/failure.ts";
import { jsonText } from "../../../../src/util/json.ts";
import { Story } from "../../../rig/engine/story.ts";

/** `run: ask` waits for an answer without a slot, `run: pay` for a raised limit in the midst of its work. */
const waitingStep: StepHandler = {
  prepare(step) {
    const script = step.body.kind === "run" && "script" in step.body.command ? step.body.command.script : "";
    const [word = "", ms = "0"] = script.split(" ");
    return {
      ok: true,
      value: {
        kind: "later",
        model: null,
        isWaiting: word === "ask",
        run: async ({ park, signal, clock }) => {
          await new Promise<void>((resolve) => void clock.after(Number(ms), resolve));
          if (word === "work") return plainResult({ ok: true, output: "done" });
          const kind = word === "ask" ? "approval" : "budget";
          const answer = await park({
            kind,
            request: step.id,
            message: `${step.id}?`,
            help: null,
            deadline: null,
            details: {},
          });
          if (answer !== null) return plainResult({ ok: true, output: { by: answer.by } });
          return plainResult({ ok: false, failure: failure("cancelled", "cancelled", String(signal.reason)) });
        },
      },
    };
  },
};

function chapter(story: Story, steps: string, more: Parameters<Story["chapter"]>[2] = {}) {
  const manifest = `muster: 1\nname: story\nlimits: { concurrency: 1, timeout: 5s }\nsteps:\n${steps}`;
  return story.chapter(manifest, [], { runStep: waitingStep, ...more });
}

const said = { verdict: "approved", comment: null, input: null, at: 0 } as const;

function answer(story: Story, request: string, by: string): boolean {
  return story.store.post("R", { at: 0, kind: "answer", body: answerJson({ ...said, request, path: request, by }) });
}

function told(story: Story): readonly string[] {
  return [...story.store.readEvents("R")].map(
    ({ type, step, data }) => `${type} ${step ?? jsonText(data?.["status"])}`,
  );
}

const starts = (story: Story) => [...story.store.readFacts("R")].map(({ key, state, starts: n }) => [key, state, n]);

describe("a run in which nothing moves without somebody from outside", () => {
  it("ends as waiting, and again at once when nothing has changed", async () => {
    const story = new Story();
    const steps = "  one: { run: ask }\n  two: { run: pay 10 }\n  three: { run: work 100 }\n";
    const first = await chapter(story, steps);
    expect(first.outcome).toMatchObject({
      status: "waiting",
      activeMs: 110,
      waitsFor: [
        { path: "one", what: { kind: "approval", message: "one?" } },
        { path: "two", what: { kind: "budget" } },
      ],
    });
    expect(first.report).toMatchObject({
      status: "waiting",
      error: null,
      steps: { one: { status: "waiting" }, two: { status: "waiting" }, three: { status: "succeeded" } },
    });
    expect(story.store.findRun("R")).toMatchObject({ status: "waiting", lease: null });
    expect(told(story).slice(-2)).toEqual(["step.succeeded three", "run.finished waiting"]);

    for (let again = 0; again < 5; again += 1) {
      const { outcome, recall } = await chapter(story, steps);
      expect(recall?.pending.map(({ path, reason }) => [path, reason])).toEqual([
        ["one", "waiting"],
        ["two", "waiting"],
      ]);
      expect(outcome).toMatchObject({ status: "waiting", activeMs: 110 + 10 * (again + 1) });
    }
    // Neither a retry nor a loss, however often.
    expect(starts(story)).toEqual([
      ["one/1.0.1", "waiting", 1],
      ["two/1.0.1", "waiting", 1],
      ["three/1.0.1", "succeeded", 1],
    ]);
  });

  it("goes on with an answer that came while nobody ran it; the first one counts", async () => {
    const story = new Story();
    const steps = "  one: { run: ask }\n  next: { run: work, needs: one }\n";
    await chapter(story, steps);
    answer(story, "one", "ann");
    answer(story, "one", "bob");
    answer(story, "something else", "bob");
    const { report } = await chapter(story, steps);
    expect(report).toMatchObject({ status: "succeeded", steps: { one: { output: { by: "ann" } } } });
    expect(story.store.readInbox("R")).toEqual([]);
    const notes = [...story.store.readEvents("R")].filter(({ type }) => type === "log");
    expect(notes.map(({ data }) => data?.["message"])).toMatchObject([
      /by bob does not count/,
      /by bob does not count/,
    ]);
  });

  it("takes answers while something else runs, and gives the slot to others meanwhile", async () => {
    const story = new Story();
    const steps = "  one: { run: ask }\n  two: { run: work 2000 }\n";
    const { report } = await chapter(story, steps, { meanwhile: [[500, () => void answer(story, "one", "ann")]] });
    expect(report).toMatchObject({
      status: "succeeded",
      duration_ms: 2000,
      steps: { one: { output: { by: "ann" }, duration_ms: 500 } },
    });
  });

  it("loses no answer by a crash at any commit", async () => {
    for (let atCommit = 0; atCommit < 8; atCommit += 1) {
      for (const isDurable of [false, true]) {
        const story = new Story();
        const steps = "  one: { run: ask }\n";
        await chapter(story, steps);
        answer(story, "one", "ann");
        const death = { atCommit, isDurable };
        const dying = await chapter(story, steps, { death });
        const last = dying.outcome.status === "not_saved" ? await chapter(story, steps) : dying;
        expect(last.report, JSON.stringify(death)).toMatchObject({
          status: "succeeded",
          steps: { one: { output: { by: "ann" } } },
        });
      }
    }
  });

  it("ends at once when it is interrupted", async () => {
    const story = new Story();
    const steps = "  one: { run: ask }\n  two: { run: work 1000 }\n";
    const { outcome } = await chapter(story, steps, { meanwhile: [[500, (run) => run.interrupt()]] });
    expect(outcome).toMatchObject({ status: "interrupted", activeMs: 1000 });
  });

  it("is cancelled by a kill, which a crash does not undo", async () => {
    for (const isDurable of [false, true]) {
      const story = new Story();
      const steps = "  one: { run: work 1000 }\n";
      story.clock.after(300, () => void story.store.post("R", { at: 0, kind: "kill", body: { step: null } }));
      const one = await chapter(story, steps, { death: { atCommit: 2, isDurable } });
      expect(one.outcome.status).toBe("not_saved");
      if (story.store.findRun("R")?.status === "cancelled") continue;
      const { outcome } = await chapter(story, steps);
      expect(outcome).toMatchObject({ status: "cancelled", failure: { code: "killed" } });
    }
  });
});

describe("waiting for somebody", () => {
  it("counts against no limit of time", async () => {
    const story = new Story();
    const steps = `
  group: { timeout: 1s, steps: { one: { run: ask }, two: { run: work 400, needs: one } } }
  beside: { run: work 4000 }
`;
    const { report } = await chapter(story, steps, { meanwhile: [[3000, () => void answer(story, "one", "ann")]] });
    expect(report).toMatchObject({ status: "succeeded", duration_ms: 4400 });
  });

  it("leaves the limit of a group as it is where something in it moves", async () => {
    const story = new Story();
    const steps = "  group: { timeout: 1s, steps: { one: { run: ask }, two: { run: work 4000 } } }\n";
    const { report } = await chapter(story, steps);
    expect(report).toMatchObject({ status: "failed", error: { class: "timeout" } });
  });
});
