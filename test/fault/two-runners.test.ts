import pLimit from "p-limit";
import { describe, expect, inject, test } from "vitest";
import { raceStory } from "../rig/fault/race-story.ts";
import { faultSeed, isWhole, shareOf } from "../rig/fault/share.ts";

const RACES = shareOf(200, 4);

describe(`${RACES} races of two runners (FAULT_SEED=${faultSeed})`, () => {
  test("a run has one owner at a time, and whoever lost it writes nothing", { timeout: 3_600_000 }, async () => {
    const script = inject("musterScript");
    const limit = pLimit(2);
    const stories = await Promise.all(
      Array.from({ length: RACES }, (_, index) => limit(() => raceStory(script, faultSeed + index))),
    );
    const counts: { [what: string]: number } = {};
    for (const { kind, isTakenOver } of stories) {
      const what = `${kind}, ${isTakenOver ? "taken over" : "refused"}`;
      counts[what] = (counts[what] ?? 0) + 1;
    }
    process.stderr.write(`${RACES} races: ${JSON.stringify(counts)}\n`);
    expect(stories.filter(({ problems }) => problems.length > 0)).toEqual([]);
    if (isWhole) expect(counts["stopped, taken over"]).toBeGreaterThan(RACES / 3);
  });
});
