import { expect, it } from "vitest";
import { Story } from "../../../rig/engine/story.ts";

const COUNTED = `
muster: 1
name: counted
steps:
  count: { for_each: [1, 2], state: { increment: n } }
`;

it("the ends of steps that changed a value right before a crash are told by the next start, once", async () => {
  const story = new Story();
  // The first commit starts the run, the second one the step; its changes are commits of their own, and the next one dies.
  await story.chapter(COUNTED, [], { death: { atCommit: 2, isDurable: false } });
  const ends = (): string[] =>
    [...story.store.readEvents("R")]
      .filter(({ type }) => type === "item.succeeded" || type === "step.succeeded")
      .map(({ type, item }) => `${type} ${item ?? ""}`.trim());
  expect(story.store.state.get("n")?.value).toBe(2);
  expect(ends()).toEqual([]);
  const { outcome } = await story.chapter(COUNTED, [], { death: { atCommit: 1, isDurable: true } });
  expect(outcome.status).toBe("not_saved");
  expect(story.store.state.get("n")?.value).toBe(2);
  const { report } = await story.chapter(COUNTED, []);
  expect(ends().sort()).toEqual(["item.succeeded 0", "item.succeeded 1", "step.succeeded"]);
  expect(report["status"]).toBe("succeeded");
  expect([...story.store.readFacts("R")].map(({ extra }) => extra)).toEqual([null, null]);
});
