import { describe, expect, it } from "vitest";
import { ANSWER, answerJson, type Answer } from "../../../../src/run/answer.ts";
import { Story } from "../../../rig/engine/story.ts";

const head = "muster: 1\nname: story\nagents: { writer: { model: anthropic/claude-haiku-5-5 } }\n";

/** Answers the newest question of a path. */
function answer(story: Story, path: string, more: Partial<Answer> = {}): void {
  const at = story.clock.now();
  const events = [...story.store.readEvents("R")];
  const asked = events.findLast(({ type, data }) => type === "approval.requested" && data?.["path"] === path);
  const request = asked?.data?.["request"];
  if (typeof request !== "string") throw new Error(`nobody asks ${path}`);
  const said: Answer = { request, path, verdict: "approved", by: "ann", comment: null, input: null, at, ...more };
  story.store.post("R", { at: said.at, kind: ANSWER, body: answerJson(said) });
}

const pass = (story: Story, ms: number): Promise<void> => new Promise((resolve) => void story.clock.after(ms, resolve));

describe("the deadline of a question", () => {
  const limited = (more = ""): string =>
    `${head}steps:\n  ok: { approval: { prompt: Go?, timeout: 1h${more} } }\n  go: { needs: ok, value: 1 }\n`;

  it.each([
    ["", { class: "refused", code: "approval_timeout" }],
    [", on_timeout: fail", { class: "timeout", code: "approval_timeout" }],
  ])("counts from the first time that it was asked, over resumes%s", async (more, error) => {
    const story = new Story();
    expect((await story.chapter(limited(more), [])).outcome.status).toBe("waiting");
    await pass(story, 1_800_000);
    expect((await story.chapter(limited(more), [])).outcome.status).toBe("waiting");
    await pass(story, 1_800_000);
    const { report } = await story.chapter(limited(more), []);
    expect(report).toMatchObject({ status: "failed", error, steps: { ok: { attempts: 1 } } });
  });

  it("does not void an answer that came in time and was read later; one that came too late does not count", async () => {
    for (const [after, status] of [
      [3_600_000, "succeeded"],
      [3_600_001, "failed"],
    ] as const) {
      const story = new Story();
      await story.chapter(limited(), []);
      await pass(story, after);
      answer(story, "ok");
      await pass(story, 1_000_000);
      expect((await story.chapter(limited(), [])).outcome.status).toBe(status);
    }
  });

  it("moves with `timeout`, and anew after a run that failed by it", async () => {
    const story = new Story();
    await story.chapter(limited(), []);
    await pass(story, 3_600_000);
    const longer = limited().replace("1h", "2h");
    expect((await story.chapter(longer, [])).outcome.status).toBe("waiting");
    await pass(story, 3_600_000);
    expect((await story.chapter(longer, [])).outcome.status).toBe("failed");
    expect((await story.chapter(longer, [])).outcome.status).toBe("waiting");
  });
});

describe("a question", () => {
  it("that is withdrawn says so: its step was stopped, or not needed any more", async () => {
    const story = new Story();
    const manifest = `${head}steps:
  any: { for_each: [1, 2], approval: { prompt: "{{ item }}?" }, join: any }
  killed: { approval: { prompt: Go? }, on_error: continue }
  other: { wait: { for: 1m } }
`;
    const { report } = await story.chapter(manifest, [], {
      meanwhile: [
        [100, () => answer(story, "any[1]")],
        [1000, (run) => run.kill("killed")],
      ],
    });
    expect(report).toMatchObject({ status: "succeeded" });
    const answered = [...story.store.readEvents("R")].filter(({ type }) => type === "approval.answered");
    expect(answered.map(({ step, item, data }) => [step, item, data?.["verdict"]])).toEqual([
      ["any", 1, "approved"],
      ["any", 0, "withdrawn"],
      ["killed", undefined, "withdrawn"],
    ]);
  });

  it("whose answer is not readable stays open", async () => {
    const story = new Story();
    const manifest = `${head}steps:\n  ok: { approval: { prompt: Go? } }\n`;
    await story.chapter(manifest, []);
    const request = [...story.store.readEvents("R")].find(({ type }) => type === "approval.requested")?.data?.[
      "request"
    ];
    story.store.post("R", { at: 0, kind: ANSWER, body: { request: request ?? null } });
    expect((await story.chapter(manifest, [])).outcome.status).toBe("waiting");
    answer(story, "ok");
    expect((await story.chapter(manifest, [])).outcome.status).toBe("succeeded");
  });

  it("with an empty text is a failure before anybody is asked", async () => {
    const story = new Story();
    const manifest = `${head}steps:
  draft: { agent: writer, task: Draft. }
  ok: { approval: { prompt: "{{ steps.draft.output }}" } }
`;
    const { report } = await story.chapter(manifest, [{ step: "draft", reply: "  " }]);
    expect(report).toMatchObject({ error: { class: "invalid", code: "empty_prompt" } });
  });
});
