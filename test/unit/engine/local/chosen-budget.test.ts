import { describe, expect, it } from "vitest";
import { Story } from "../../../rig/engine/story.ts";

const manifest = (calls: number): string => `muster: 1
name: chosen
models: { cheap: anthropic/claude-haiku-5-5, dear: anthropic/claude-opus-5-5 }
agents:
  simple: { model: cheap }
  expert: { model: dear, budget: { calls: ${calls}, on_exceeded: pause } }
steps:
  who: { value: [{ agent: simple }, { agent: expert }, { agent: expert }], output: { type: array, items: { type: object, properties: { agent: { enum: [simple, expert] } }, required: [agent] } } }
  work:
    for_each: \${{ steps.who.output }}
    max_parallel: 1
    agent: \${{ item.agent }}
    task: "Do {{ index }}"
`;

const NEVER = { atCommit: 1e6, isDurable: true };

describe("the budget of an agent that is chosen in the run", () => {
  it("counts its own calls alone, and lets no further one start; what it spent is known after a resume", async () => {
    const story = new Story();
    const done = [
      { step: "work[0]", reply: "a" },
      { step: "work[1]", reply: "b" },
    ];
    const first = await story.chapter(manifest(1), done);
    expect(first.asked).toEqual(["work[0]", "work[1]"]);
    expect(first.report).toMatchObject({
      status: "waiting",
      budget: [{ scope: "run" }, { scope: "agent:expert" }, { scope: "agent:simple" }],
    });

    const again = await story.chapter(manifest(1), []);
    expect(again).toMatchObject({ asked: [], report: { status: "waiting" } });
    const more = await story.chapter(manifest(2), [{ step: "work[2]", reply: "c" }]);
    expect(more.asked).toEqual(["work[2]"]);
    expect(more.report).toMatchObject({
      status: "succeeded",
      budget: [
        { scope: "run", calls: { spent: 3 } },
        { scope: "agent:expert", calls: { limit: 2, spent: 2 } },
        { scope: "agent:simple", calls: { limit: null, spent: 1 } },
      ],
    });
  });

  it("counts a call that a crash cut off, at any commit", async () => {
    const script = [
      { step: "work[0]", reply: "a" },
      { step: "work[1]", reply: "b" },
      { step: "work[2]", reply: "c" },
    ];
    for (let atCommit = 0; ; atCommit += 1) {
      const story = new Story();
      const cut = await story.chapter(manifest(3), script, { death: { atCommit, isDurable: true } });
      if (cut.report["status"] === "succeeded") break;
      // What is left to say depends on where it died.
      const { asked, report } = await story.chapter(manifest(3), script, { death: NEVER });
      const calls = [...cut.asked, ...asked].filter((step) => step !== "work[0]").length;
      const lines = report["budget"] as { scope: string; calls: { spent: number } }[];
      const spent = lines.find(({ scope }) => scope === "agent:expert")?.calls.spent ?? 0;
      expect(report["status"], `${atCommit}`).toBe("succeeded");
      expect(spent, `${atCommit}`).toBeGreaterThanOrEqual(calls);
      expect(spent, `${atCommit}`).toBeLessThanOrEqual(calls + 1);
    }
  });
});
