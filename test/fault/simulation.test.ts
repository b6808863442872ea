import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import pLimit from "p-limit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { faultSeed, isWhole, shareOf } from "../rig/fault/share.ts";
import { bundleSimulation } from "../rig/simulation/bundle.ts";
import { plantedBugs } from "../rig/simulation/planted-bug.ts";

const SEEDS = shareOf(10_000, 60);
/** A process tells so many. */
const PORTION = 1000;
/** A bug shows in far fewer. */
const SEEDS_FOR_A_BUG = 1500;
const BUGS = plantedBugs.slice(0, shareOf(plantedBugs.length, 3));

interface Findings {
  readonly tally: { readonly [what: string]: number };
  readonly broken: readonly { readonly seed: number; readonly problems: readonly string[] }[];
}

// Beside the libraries that it loads.
const folder = mkdtempSync(join(resolve(import.meta.dirname, "../../node_modules"), ".simulation-"));
const limit = pLimit(2);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function tell(script: string, from: number, count: number, until: "all" | "first"): Promise<Findings> {
  const args = ["--no-warnings", script, String(from), String(count), until];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 28 });
  return JSON.parse(stdout) as Findings;
}

describe(`${SEEDS} simulated worlds (FAULT_SEED=${faultSeed}; one of them: node test/rig/simulation/main.ts SEED)`, () => {
  const script = join(folder, "sound.mjs");
  beforeAll(() => bundleSimulation(script));

  test(
    "the invariants hold, whatever crashes, is late, comes twice, gets lost, and however the clock jumps",
    {
      timeout: 7_200_000,
    },
    async () => {
      const portions = Array.from({ length: Math.ceil(SEEDS / PORTION) }, (_, index) => index * PORTION);
      const found = await Promise.all(
        portions.map((from) => limit(() => tell(script, faultSeed + from, Math.min(PORTION, SEEDS - from), "all"))),
      );
      const tally: { [what: string]: number } = {};
      for (const one of found)
        for (const [what, count] of Object.entries(one.tally)) tally[what] = (tally[what] ?? 0) + count;
      process.stderr.write(`${JSON.stringify(tally)}\n`);
      expect(found.flatMap(({ broken }) => broken)).toEqual([]);
      expect(tally["seeds"]).toBe(SEEDS);
      if (!isWhole) return;
      for (const trouble of ["lost", "dies", "overtaken", "interrupted"])
        expect(tally[trouble], trouble).toBeGreaterThan(SEEDS / 10);
      for (const key of LAYERS) expect(tally[`with ${key}`], key).toBeGreaterThan(SEEDS / 20);
    },
  );
});

/** What every full turn must have had in many of its workflows. */
const LAYERS = (
  "agent run state value wait approval handoff uses steps for_each matrix repeat retry fallback batch join max_parallel " +
  "fail_fast needs if on_error cache finally limits.budget limits.rate limits.circuit_breaker"
).split(" ");

describe(`bugs planted in the engine, one at a time (FAULT_SEED=${faultSeed})`, () => {
  /** By the name of the bug. */
  let found: ReadonlyMap<string, Findings>;
  beforeAll(async () => {
    const all = BUGS.map((bug, index) =>
      limit(async () => {
        const script = join(folder, `bug-${index}.mjs`);
        await bundleSimulation(script, bug);
        return [bug.name, await tell(script, faultSeed, SEEDS_FOR_A_BUG, "first")] as const;
      }),
    );
    found = new Map(await Promise.all(all));
  }, 7_200_000);

  test.for(BUGS)("found: $name", async ({ name }, { annotate }) => {
    const { tally, broken } = found.get(name) as Findings;
    expect(broken).not.toEqual([]);
    await annotate(`seed ${tally["seeds"]}: ${broken[0]?.problems[0]?.slice(0, 300)}`);
  });
});
