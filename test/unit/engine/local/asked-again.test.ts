import { describe, expect, it } from "vitest";
import { resumePlan } from "../../../../src/engine/local/recall.ts";
import { Story } from "../../../rig/engine/story.ts";

const flow = `muster: 1
name: again
agents: { writer: { model: anthropic/claude-haiku-5-5 } }
steps:
  w: { for_each: [a, b, c], agent: writer, task: "Do {{ item }}" }
  group:
    for_each: [x, y]
    steps:
      inner: { for_each: [1, 2], agent: writer, task: "Say {{ item }}" }
    outputs: { said: "\${{ steps.inner.output }}" }
`;
const all = [
  "w[0]",
  "w[1]",
  "w[2]",
  "group[0]/inner[0]",
  "group[0]/inner[1]",
  "group[1]/inner[0]",
  "group[1]/inner[1]",
];

async function done(): Promise<Story> {
  const story = new Story();
  await story.chapter(
    flow,
    all.map((step) => ({ step, reply: "done" })),
  );
  return story;
}

describe("what is asked for again", () => {
  it.each([
    ["w[1]", ["w[1]"]],
    ["w", ["w[0]", "w[1]", "w[2]"]],
    ["group[1]/inner", ["group[1]/inner[0]", "group[1]/inner[1]"]],
    ["group[1]", ["group[1]/inner[0]", "group[1]/inner[1]"]],
    ["group/inner[0]", ["group[0]/inner[0]", "group[1]/inner[0]"]],
    ["group[0]/inner[1]", ["group[0]/inner[1]"]],
  ])("%s is exactly that", async (name, again) => {
    const story = await done();
    const { asked, recall, report } = await story.chapter(
      flow,
      again.map((step) => ({ step, reply: "again" })),
      { rerun: [name] },
    );
    expect(asked.toSorted()).toEqual(again);
    expect(report).toMatchObject({ status: "succeeded" });
    const plan = recall === null ? [] : resumePlan(recall).steps;
    expect(plan.flatMap((step) => step.again)).toEqual(
      expect.arrayContaining([expect.objectContaining({ reason: "rerun" })]),
    );
    const units = plan.flatMap((step) => step.again).reduce((sum, { units: count }) => sum + count, 0);
    expect(units).toBe(again.length);
    expect(plan.reduce((sum, { reused }) => sum + reused, 0)).toBe(all.length - again.length);
  });

  it("an item that there is not is refused", async () => {
    const story = await done();
    await expect(story.chapter(flow, [], { rerun: ["w[3]"] })).rejects.toThrow(
      "--rerun w[3]: 'w' had items 0 to 2 in this run",
    );
    await expect(story.chapter(flow, [], { rerun: ["group[0]/inner[2]"] })).rejects.toThrow(
      "'inner' had items 0 to 1 in this run",
    );
  });
});
