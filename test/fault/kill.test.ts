import pLimit from "p-limit";
import { describe, expect, inject, test } from "vitest";
import { killStory, type Phase } from "../rig/fault/kill-story.ts";
import { faultSeed, isWhole, shareOf } from "../rig/fault/share.ts";

const RUNS = shareOf(500, 10);
const PHASES: readonly Phase[] = ["start", "in flight", "reply before commit", "during commit", "end"];

describe(`kill -9 of ${RUNS} runs (FAULT_SEED=${faultSeed})`, () => {
  test("nothing is lost, nothing is done twice, and each comes to the same end", { timeout: 3_600_000 }, async () => {
    const script = inject("musterScript");
    const limit = pLimit(2);
    const stories = await Promise.all(
      Array.from({ length: RUNS }, (_, index) => limit(() => killStory(script, faultSeed + index))),
    );
    const hits = stories.flatMap(({ phases }) => phases.flat());
    const counts = Object.fromEntries(
      [...PHASES, "waiting" as const, "between" as const].map((phase) => [
        phase,
        hits.filter((hit) => hit === phase).length,
      ]),
    );
    const kills = stories.reduce((sum, { phases }) => sum + phases.length, 0);
    process.stderr.write(`${RUNS} runs, ${kills} kills: ${JSON.stringify(counts)}\n`);

    expect(stories.filter(({ problems }) => problems.length > 0)).toEqual([]);
    const [first] = stories;
    for (const { seed, report } of stories) expect(report, `seed ${seed}`).toEqual(first?.report);
    // Each phase was really hit, where there were enough kills to ask for it.
    if (isWhole) for (const phase of PHASES) expect(counts[phase], phase).toBeGreaterThanOrEqual(20);
  });
});
