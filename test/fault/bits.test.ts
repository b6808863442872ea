import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import type { StoredEvent } from "../../src/run/event.ts";
import type { Fact } from "../../src/run/fact.ts";
import { inspectState, repairState } from "../../src/store/sqlite/inspect.ts";
import { StoreError } from "../../src/store/store.ts";
import { blobFiles, readEach, RichState, RUNS, stillClock } from "../rig/fault/rich-state.ts";
import { faultSeed, isWhole, randomOf, shareOf } from "../rig/fault/share.ts";

const SEEDS = shareOf(1000, 20);
const rich = new RichState();
const truth = readEach(rich.copy(), rich.blobs);
afterAll(() => rich.close());

describe(`damaged bits and cut files, ${SEEDS} of them (FAULT_SEED=${faultSeed})`, () => {
  test("what is read is what was written, or the damage is named; a repair keeps the rest and says what is lost", () => {
    const counts = { flips: 0, cuts: 0, blobs: 0, unseen: 0, noticed: 0, repaired: 0, lost: 0, nothing: 0 };
    for (let index = 0; index < SEEDS; index += 1) {
      const seed = faultSeed + index;
      const folder = rich.copy();
      counts[damage(folder, randomOf(seed))] += 1;
      const seen = readEach(folder, rich.blobs);
      const options = { path: join(folder, "state.db"), clock: stillClock, isAlive: () => false };
      const isNamed = inspectState(options).problems.length > 0;
      const problems = problemsOf(seen, folder, isNamed);
      expect(problems, `seed ${seed}`).toEqual([]);
      const isSame = isDeepStrictEqual(seen, truth);
      counts[isSame ? "unseen" : "noticed"] += 1;

      let repaired: ReturnType<typeof repairState>;
      try {
        repaired = repairState(options);
      } catch (error) {
        // Only where nothing at all is left may it give up.
        expect(error, `seed ${seed}`).toMatchObject({ name: "StoreError", code: "corrupt" });
        counts.nothing += 1;
        continue;
      }
      counts.repaired += 1;
      const after = readEach(folder, []);
      const losses = repaired.salvage?.losses ?? [];
      if (losses.length > 0) counts.lost += 1;
      expect(inspectState(options).problems, `seed ${seed}`).toEqual([]);
      expect(savedProblems(after, losses), `seed ${seed}: ${losses.join("; ")}`).toEqual([]);
    }
    process.stderr.write(`${SEEDS} damages: ${JSON.stringify(counts)}\n`);
    expect(counts.noticed).toBeGreaterThan(SEEDS / 4);
    if (isWhole) for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0);
  });
});

/** Flips up to three bits of the state file or of a blob, or cuts one off. */
function damage(folder: string, random: () => number): "flips" | "cuts" | "blobs" {
  const among = (most: number): number => Math.floor(random() * most);
  const kind = random();
  const blobs = blobFiles(folder);
  const file = join(folder, kind < 0.8 ? "state.db" : (blobs[among(blobs.length)] as string));
  const bytes = readFileSync(file);
  if ((kind > 0.5 && kind < 0.8) || kind > 0.9) {
    // Often to whole pages, and to nothing at all.
    const size = among(bytes.length);
    truncateSync(file, random() < 0.5 ? size - (size % 4096) : size);
    return kind < 0.8 ? "cuts" : "blobs";
  }
  for (let flips = 1 + among(3); flips > 0; flips -= 1) {
    // Half of them where they hurt most: in the heads of pages.
    const place =
      random() < 0.5 ? among(bytes.length) : (among(bytes.length / 4096) * 4096 + among(120)) % bytes.length;
    bytes[place] = (bytes[place] ?? 0) ^ (1 << among(8));
  }
  writeFileSync(file, bytes);
  return kind < 0.8 ? "flips" : "blobs";
}

/** Rows that nothing counts: one that a damaged page hides is missed by `muster doctor`, not by whoever looks for it. */
const UNCOUNTED = /^(?:values|letters|inbox|accounts|runs)/;

/** Reads that gave something that was never written, and errors that do not name the file. `isNamed`: by the doctor. */
function problemsOf(seen: ReadonlyMap<string, unknown>, folder: string, isNamed: boolean): string[] {
  return [...seen].flatMap(([name, value]) => {
    if (value instanceof StoreError) return value.message.includes(folder) ? [] : [`${name}: ${value.message}`];
    if (name === "cache") {
      const before = truth.get(name) as unknown[];
      return (value as unknown[]).every((entry, at) => entry === "damaged" || isDeepStrictEqual(entry, before[at]))
        ? []
        : [name];
    }
    if (isNamed && name.startsWith("copied") && value === 0) return [];
    if (isNamed && UNCOUNTED.test(name) && Array.isArray(value)) {
      const before = truth.get(name) as unknown[];
      if (value.every((entry) => before.some((other) => isDeepStrictEqual(other, entry)))) return [];
    }
    return isDeepStrictEqual(value, truth.get(name)) ? [] : [`${name}: ${(JSON.stringify(value) ?? "").slice(0, 300)}`];
  });
}

/** What is wrong with a repaired state: an error, something that was never written, or a loss that is not told. */
function savedProblems(after: ReadonlyMap<string, unknown>, losses: readonly string[]): string[] {
  const problems = [...after].flatMap(([name, value]) => (value instanceof Error ? [`${name}: ${value.message}`] : []));
  const told = (what: string): void =>
    void (
      losses.some((loss) => loss.includes(what) || (!what.startsWith("run") && /pages? of the file/.test(loss))) ||
      problems.push(`'${what}' is lost and not told`)
    );
  for (const run of RUNS) {
    if (after.get(`run ${run}`) === null) {
      if (!losses.some((loss) => /number \d+|pages? of the file/.test(loss))) told(`run ${run}`);
      continue;
    }
    const events = after.get(`events of ${run}`) as StoredEvent[];
    const eventsBefore = truth.get(`events of ${run}`) as StoredEvent[];
    if (events.some(({ seq }, at) => seq !== at + 1)) problems.push(`events of ${run} have a gap`);
    for (const [at, event] of events.entries()) {
      if (isDeepStrictEqual(event, eventsBefore[at])) continue;
      if (event.type !== "log") problems.push(`event ${event.seq} of ${run} was never written`);
      told(`run ${run}`);
    }
    const facts = after.get(`facts of ${run}`) as Fact[];
    const factsBefore = truth.get(`facts of ${run}`) as Fact[];
    if (!facts.every((fact) => factsBefore.some((before) => isDeepStrictEqual(before, fact))))
      problems.push(`a fact of ${run} was never written`);
    if (facts.length < factsBefore.length || events.length < eventsBefore.length) told(`run ${run}`);
  }
  for (const [name, what] of [
    ["values", "values of the project"],
    ["letters", "dead letters"],
  ] as const) {
    const now = after.get(name) as unknown[];
    // What belonged to a run went with it.
    const before = (truth.get(name) as { readonly runId?: string }[]).filter(
      ({ runId }) => runId === undefined || after.get(`run ${runId}`) !== null,
    );
    if (!now.every((value) => before.some((other) => isDeepStrictEqual(other, value))))
      problems.push(`${name}: one was never written`);
    if (now.length < before.length) told(what);
  }
  return problems;
}
