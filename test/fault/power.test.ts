import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { inspectState } from "../../src/store/sqlite/inspect.ts";
import { LossyDisk } from "../rig/fault/lossy-disk.ts";
import { commit, openAt, owner, problemsOf, stillClock } from "../rig/fault/saved-run.ts";
import { buildShim } from "../rig/fault/shim.ts";
import { faultSeed, randomOf, shareOf } from "../rig/fault/share.ts";
import { readCalls, type SystemCall } from "../rig/fault/system-calls.ts";

const LOSSES = shareOf(1000, 30);
const COMMITS = 300;
const shim = buildShim();
const missing = "missing" in shim ? shim.missing : null;
const home = mkdtempSync(join(tmpdir(), "muster-power-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe.skipIf(missing !== null)(
  `${LOSSES} power losses (FAULT_SEED=${faultSeed})${missing === null ? "" : `: skipped, ${missing}`}`,
  () => {
    test("nothing that was acknowledged is lost, nothing is there by half, and the run goes on", () => {
      const calls = record(join(home, "written"));
      const counts = { calls: calls.length, losses: 0, nothingYet: 0, unacknowledgedKept: 0 };
      for (const { folder, seen, label } of powerLosses(calls, LOSSES)) {
        counts.losses += 1;
        if (existsSync(join(folder, ".muster/state.db"))) {
          const last = expectWhole(folder, seen, label);
          if (last > seen.acknowledged) counts.unacknowledgedKept += 1;
        } else {
          expect(seen.hasRun, label).toBe(false);
          counts.nothingYet += 1;
        }
      }
      process.stderr.write(`${JSON.stringify(counts)}\n`);
      expect(counts.losses).toBe(LOSSES);
    });

    test("a store that does not wait for its log is caught", () => {
      const calls = record(join(home, "careless"));
      const careless = calls.filter((call) => call.kind !== "sync" || !call.path.endsWith("-wal"));
      let caught = 0;
      for (const { folder, seen } of powerLosses(careless, 30)) {
        if (!existsSync(join(folder, ".muster/state.db"))) continue;
        const store = openAt(folder);
        const isLost = store.findRun("R") === null ? seen.hasRun : store.lastSeq("R") < seen.acknowledged;
        if (isLost) caught += 1;
        store.close();
      }
      expect(caught).toBeGreaterThan(3);
    });
  },
);

/** Runs a life under the shim; what it did to the files of the folder. */
function record(folder: string): SystemCall[] {
  mkdirSync(folder);
  const log = `${folder}.calls`;
  const program = join(import.meta.dirname, "../rig/fault/power-life.ts");
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--experimental-strip-types", "--no-warnings", program, folder, String(COMMITS)],
    {
      encoding: "utf8",
      env: { ...process.env, LD_PRELOAD: (shim as { library: string }).library, FAULT_FOLDER: folder, FAULT_LOG: log },
    },
  );
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return readCalls(readFileSync(log));
}

/** The folder after each of so many power losses; it is gone with the next one. */
function* powerLosses(
  calls: readonly SystemCall[],
  losses: number,
): Generator<{ readonly folder: string; readonly seen: Seen; readonly label: string }> {
  const moments = momentsOf(calls.length, losses);
  const [first] = calls;
  const disk = new LossyDisk(first !== undefined && "path" in first ? dirname(first.path) : home);
  const seen = { acknowledged: 0, begun: 0, value: 0, hasRun: false };
  let next = 0;
  for (const [index, call] of calls.entries()) {
    disk.apply(call);
    note(call, seen);
    for (; moments[next] === index; next += 1) {
      const seed = faultSeed + next;
      const folder = join(home, "after");
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      disk.lose(randomOf(seed), folder);
      yield { folder, seen, label: `seed ${seed}, behind call ${index}` };
    }
  }
}

/** Indexes of the calls behind which the power goes, sorted; the first ones, where all is made, more often. */
function momentsOf(calls: number, losses: number): number[] {
  const random = randomOf(faultSeed);
  return Array.from({ length: losses }, () => {
    const among = random() < 0.2 ? Math.min(calls, 120) : calls;
    return Math.floor(random() * among);
  }).sort((a, b) => a - b);
}

interface Seen {
  acknowledged: number;
  begun: number;
  value: number;
  hasRun: boolean;
}

function note(call: SystemCall, seen: Seen): void {
  if (call.kind !== "mark") return;
  const [when, what, which] = call.text.split(".");
  if (what === "run") seen.hasRun ||= when === "done";
  else if (what === "value") seen.value = when === "done" ? Number(which) : seen.value;
  else if (when === "done") seen.acknowledged = Number(what);
  else seen.begun = Number(what);
}

/** Looks at a state after a power loss, and goes on with it. Returns how many commits are there. */
function expectWhole(folder: string, seen: Seen, label: string): number {
  const options = { path: join(folder, ".muster/state.db"), clock: stillClock };
  const store = openAt(folder);
  try {
    if (store.findRun("R") === null) {
      expect(seen.hasRun, label).toBe(false);
      return 0;
    }
    expect(problemsOf(store, seen.acknowledged, seen.begun), label).toEqual([]);
    const value = (store.state.get("last")?.value ?? 0) as number;
    expect([seen.value, seen.value + 5], label).toContain(value);
    const last = store.lastSeq("R");
    const taken = store.acquireLease("R", owner, () => true);
    if (!taken.ok) throw new Error("the lease is not free");
    commit(store, taken.lease, last + 1);
    expect(problemsOf(store, last + 1, last + 1), label).toEqual([]);
    return last;
  } finally {
    store.close();
    expect(inspectState(options).problems, label).toEqual([]);
  }
}
