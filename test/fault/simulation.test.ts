import { describe, expect, test } from "vitest";
import { planOf } from "../rig/engine/life.ts";
import type { Death } from "../rig/engine/mortal-store.ts";
import { faultSeed, isWhole, randomOf, shareOf } from "../rig/fault/share.ts";
import { liveWide } from "../rig/fault/wide-life.ts";
import { wideManifest } from "../rig/fault/wide-manifest.ts";

const SEEDS = shareOf(10_000, 100);

describe(`${SEEDS} simulated runs of every layer that crash (FAULT_SEED=${faultSeed})`, () => {
  test(
    "each comes to the end that it has without crashes, and asks nothing again",
    { timeout: 3_600_000 },
    async () => {
      const counts = { runs: 0, deaths: 0, ofKinds: new Set<string>() };
      for (let index = 0; index < SEEDS; index += 1) {
        const seed = faultSeed + index;
        const random = randomOf(seed);
        const manifest = wideManifest(random);
        for (const step of Object.values(manifest["steps"] as { [id: string]: object }))
          for (const key of Object.keys(step)) counts.ofKinds.add(key);
        const plan = planOf(manifest);
        const whole = await liveWide(plan, seed, [], 0);
        expect(whole.problems, `seed ${seed}`).toEqual([]);
        const deaths = Array.from({ length: 1 + Math.floor(random() * 3) }, (): Death => ({
          atCommit: Math.floor(random() * (whole.commits + 1)),
          isDurable: random() < 0.5,
        }));
        const life = await liveWide(plan, seed, deaths, random() < 0.5 ? 2 : 0);
        const label = `seed ${seed}: ${JSON.stringify(deaths)}\n${JSON.stringify(manifest)}`;
        expect(life.problems, label).toEqual([]);
        if (life.result["steps"] === null) expect(life.result["status"], label).toEqual(whole.result["status"]);
        else expect(life.result, label).toEqual(whole.result);
        counts.runs += 1;
        counts.deaths += life.deaths;
      }
      process.stderr.write(`${counts.runs} runs, ${counts.deaths} deaths; ${[...counts.ofKinds].sort().join(" ")}\n`);
      expect(counts.deaths).toBeGreaterThan(SEEDS / 2);
      if (isWhole) expect(counts.ofKinds.size).toBeGreaterThan(14);
    },
  );
});
