import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pLimit from "p-limit";
import { afterAll, describe, expect, inject, test } from "vitest";
import { inspectState } from "../../src/store/sqlite/inspect.ts";
import { stillClock } from "../rig/fault/saved-run.ts";
import { buildShim } from "../rig/fault/shim.ts";
import { faultSeed, isWhole, randomOf, shareOf } from "../rig/fault/share.ts";
import { mountDisk, troubleStory, type Trouble } from "../rig/fault/trouble-story.ts";

const DISKS = shareOf(100, 3);
const FAILURES = shareOf(1000, 20);
const RUNS = shareOf(50, 2);
const home = mkdtempSync(join(tmpdir(), "muster-full-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const unmount = mountDisk(join(home, "disk"));
unmount?.();
const noDisk = unmount === null ? "mounting a tmpfs is not allowed here" : null;
const shim = buildShim();
const noShim = "missing" in shim ? shim.missing : null;
const library = "library" in shim ? shim.library : "";

describe.skipIf(noDisk !== null)(
  `${DISKS} full disks (FAULT_SEED=${faultSeed})${noDisk === null ? "" : `: skipped, ${noDisk}`}`,
  () => {
    test("the run stops and says why, what it told is on the disk, and it goes on when there is room", async () => {
      const random = randomOf(faultSeed);
      const { broken, hits } = await tell(
        Array.from({ length: DISKS }, () => ({ kind: "full", freeKiB: Math.floor(random() * 330) })),
      );
      expect(broken).toEqual([]);
      if (isWhole) expect(hits).toBeGreaterThan(DISKS / 4);
    });
  },
);

describe.skipIf(noShim !== null)(
  `writes and syncs that fail (FAULT_SEED=${faultSeed})${noShim === null ? "" : `: skipped, ${noShim}`}`,
  () => {
    test(`${FAILURES} commits with failing calls: none by half, none of the acknowledged ones gone`, () => {
      const folder = join(home, "failing");
      mkdirSync(folder);
      const program = join(import.meta.dirname, "../rig/fault/failing-life.ts");
      const { stdout, stderr } = spawnSync(
        process.execPath,
        ["--experimental-strip-types", "--no-warnings", program, folder, String(FAILURES), String(faultSeed)],
        { encoding: "utf8", env: { ...process.env, LD_PRELOAD: library, FAULT_FOLDER: folder } },
      );
      expect(stderr).toBe("");
      const { problems, failed, byCode, commits } = JSON.parse(stdout) as {
        readonly problems: readonly string[];
        readonly failed: number;
        readonly byCode: { readonly [code: string]: number };
        readonly commits: number;
      };
      process.stderr.write(`${failed} commits failed ${JSON.stringify(byCode)}, ${commits} were made\n`);
      expect(problems).toEqual([]);
      expect(failed).toBe(FAILURES);
      expect(Object.keys(byCode).sort()).toEqual(["full", "io"]);
      expect(inspectState({ path: join(folder, ".muster/state.db"), clock: stillClock }).problems).toEqual([]);
    });

    test(`${RUNS} runs whose disk fails: each stops, says so, and goes on later`, async () => {
      const random = randomOf(faultSeed);
      const among = (most: number): number => 1 + Math.floor(random() * most);
      const { broken, hits } = await tell(
        Array.from({ length: RUNS }, () => {
          const kind = random() < 0.6 ? "sync" : "write";
          const fail = `${kind}.${among(kind === "sync" ? 50 : 150)}.${random() < 0.5 ? 5 : 28}.${among(4)}`;
          return { kind: "calls", library, fail };
        }),
      );
      expect(broken).toEqual([]);
      if (isWhole) expect(hits).toBeGreaterThan(RUNS / 4);
    });
  },
);

/** Tells every story: those in which a rule was broken, and how many were hit. */
async function tell(troubles: readonly Trouble[]): Promise<{ readonly broken: unknown[]; readonly hits: number }> {
  const script = inject("musterScript");
  const limit = pLimit(2);
  const stories = await Promise.all(
    troubles.map((trouble) => limit(async () => ({ trouble, ...(await troubleStory(script, trouble)) }))),
  );
  const hits = stories.filter(({ isHit }) => isHit).length;
  process.stderr.write(`${stories.length} runs, ${hits} of them hit\n`);
  return { broken: stories.filter(({ problems }) => problems.length > 0), hits };
}
