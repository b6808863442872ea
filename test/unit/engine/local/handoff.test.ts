import { describe, expect, it } from "vitest";
import { ANSWER, answerJson } from "../../../../src/run/answer.ts";
import { jsonText, type Json } from "../../../../src/util/json.ts";
import { Story } from "../../../rig/engine/story.ts";

const manifest = (entries: string, more = ""): string => `muster: 1
name: story
agents: { junior: { model: anthropic/claude-haiku-5-5 }, senior: { model: anthropic/claude-haiku-5-5 } }
steps:
  solve: { handoff: [${entries}], task: "Solve. {{ previous }}"${more} }
  last: { needs: solve, if: always(), value: "\${{ steps.solve.by }}" }
`;
const two = "{ agent: junior, accept: \"output == 'good'\" }, { agent: senior }";
const typed = ", output: { type: string, enum: [good, bad] }";

function answer(story: Story, verdict: "approved" | "rejected", input: Json): void {
  const asked = [...story.store.readEvents("R")].findLast(({ type }) => type === "approval.requested")?.data;
  const said = {
    request: jsonText(asked?.["request"]),
    path: "solve",
    verdict,
    by: "ann",
    comment: null,
    input,
    at: 0,
  };
  story.store.post("R", { at: 0, kind: ANSWER, body: answerJson(said) });
}

describe("a handoff", () => {
  it("ends with the first output that is accepted", async () => {
    const story = new Story();
    const { asked, report } = await story.chapter(manifest(two, typed), [{ step: "solve", reply: '"good"' }]);
    expect(asked).toEqual(["solve"]);
    expect(report).toMatchObject({ steps: { solve: { kind: "handoff", output: "good" }, last: { output: "junior" } } });
  });

  it("passes on what is not accepted, and what failed for good after its retries", async () => {
    const story = new Story();
    const script = [
      { step: "solve", reply: '"bad"' },
      { step: "solve", reply: '"bad"' },
    ];
    const one = await story.chapter(manifest(two, typed), script);
    expect(one.calls.map(({ request }) => JSON.stringify(request))).toMatchObject([/Solve\. "/, /Solve\. bad/]);
    expect(one.report).toMatchObject({ steps: { solve: { output: "bad" }, last: { output: "senior" } } });

    const other = new Story();
    const failing = [
      { step: "solve", fail: { class: "server", code: "http_500", message: "down" } },
      { step: "solve", attempt: 2, fail: { class: "server", code: "http_500", message: "down" } },
      { step: "solve", reply: '"good"' },
    ] as never;
    const resumed = await other.chapter(manifest(two, `${typed}, retry: { max_attempts: 2 }`), failing);
    expect(resumed.report).toMatchObject({ steps: { solve: { attempts: 3 }, last: { output: "senior" } } });
  });

  it("fails as handoff_exhausted after the last, which may be a person", async () => {
    const story = new Story();
    const both = '{ agent: junior, accept: "output == \'good\'" }, { approval: { prompt: "Not {{ previous }}?" } }';
    const flow = manifest(both, `${typed}, retry: { max_attempts: 3, on: [refused, output] }`);
    const first = await story.chapter(flow, [{ step: "solve", reply: '"bad"' }]);
    expect(first.report).toMatchObject({ status: "waiting", steps: { solve: { output: null, status: "waiting" } } });
    answer(story, "rejected", null);
    const { report, asked } = await story.chapter(flow, []);
    expect(asked).toEqual([]);
    expect(report).toMatchObject({
      error: { class: "output", code: "handoff_exhausted" },
      steps: { solve: { attempts: 2 }, last: { output: null } },
    });
  });

  it("takes what a person fills in as its output", async () => {
    const story = new Story();
    const flow = manifest('{ agent: junior, accept: "false" }, { approval: { prompt: Go? } }');
    await story.chapter(flow, [{ step: "solve", reply: "a try" }]);
    answer(story, "approved", "my own words");
    const { report } = await story.chapter(flow, []);
    expect(report).toMatchObject({ steps: { solve: { output: "my own words" }, last: { output: "ann" } } });
  });

  it("goes on in the stage in which it crashed, at any commit, and pays for none twice", async () => {
    for (let atCommit = 0; atCommit < 8; atCommit += 1) {
      const story = new Story();
      const flow = manifest(two, typed);
      const bad = { step: "solve", reply: '"bad"' };
      const one = await story.chapter(flow, [bad, bad], { death: { atCommit, isDurable: true } });
      const answered = [...story.store.readFacts("R")].filter(({ state }) => state === "succeeded");
      const paid = new Set(answered.map(({ key }) => key.split("/~")[0])).size;
      if (one.outcome.status !== "not_saved") continue;
      const left = Array.from({ length: 2 - paid }, () => bad);
      const resumed = await story.chapter(flow, left);
      expect(resumed.report, `commit ${atCommit}`).toMatchObject({
        status: "succeeded",
        steps: { last: { output: "senior" } },
      });
    }
  });
});
