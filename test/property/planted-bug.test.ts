import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Catch } from "../rig/scheduler/hunt.ts";
import { plantedBugs, type PlantedBug } from "../rig/scheduler/planted-bug.ts";

/** Always the same scenarios; FC_SEED=... tries others. */
const seed = process.env["FC_SEED"] ?? "20261122";
/** Of the scenarios in scheduler.test.ts: enough, since a bug shows within the first few dozen. */
const share = "0.25";
const project = resolve(import.meta.dirname, "../..");
const schedulerFolder = "src/run/scheduler";

let copies: string;
/** By the bug's name; null is the copy without one. */
let caught: ReadonlyMap<string | null, Catch | null>;

beforeAll(async () => {
  copies = await mkdtemp(join(tmpdir(), "muster-planted-bug-"));
  await writeFile(join(copies, "package.json"), '{ "type": "module" }');
  const bugs = [null, ...plantedBugs];
  const catches = await hunt(bugs);
  caught = new Map(bugs.map((bug, i) => [bug?.name ?? null, catches[i] ?? null]));
}, 120_000);

afterAll(() => rm(copies, { recursive: true, force: true }));

describe(`bugs planted in copies of the scheduler, one in each (FC_SEED=${seed})`, () => {
  test("the properties hold for the copy without one", () => {
    expect(caught.get(null)).toBeNull();
  });

  test.for(plantedBugs)("found: $name", async ({ name }, { annotate }) => {
    const found = caught.get(name);
    expect(found).not.toBeNull();
    await annotate(`scenario ${found?.scenarios} of '${found?.property}': ${found?.rule}`);
  });
});

/** What the properties found in a copy with each bug; null = the copy without one. */
async function hunt(bugs: readonly (PlantedBug | null)[]): Promise<(Catch | null)[]> {
  const folders = await Promise.all(bugs.map(plant));
  const script = join(project, "test/rig/scheduler/hunt.ts");
  const command = ["--experimental-strip-types", "--no-warnings", script, seed, share, ...folders];
  // A bug that never comes back from one call would keep the process for ever.
  const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: 100_000, killSignal: "SIGKILL" });
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Catch | null);
}

/** A folder with a copy of the scheduler that has the bug. */
async function plant(bug: PlantedBug | null, index: number): Promise<string> {
  const folder = join(copies, String(index));
  await cp(join(project, schedulerFolder), join(folder, schedulerFolder), { recursive: true });
  await copyImports(join(project, schedulerFolder, "apply.ts"), folder, new Set());
  if (bug === null) return folder;
  const file = join(folder, schedulerFolder, bug.file);
  const [before, after, ...more] = (await readFile(file, "utf8")).split(bug.find);
  if (after === undefined || more.length > 0)
    throw new Error(`'${bug.name}': what it replaces stands not once in ${bug.file}`);
  await writeFile(file, before + bug.replace + after);
  return folder;
}

/** Copies what a file imports from outside the scheduler, types aside, to the same relative places. */
async function copyImports(file: string, folder: string, seen: Set<string>): Promise<void> {
  if (seen.has(file)) return;
  seen.add(file);
  const text = await readFile(file, "utf8");
  const place = relative(project, file);
  if (!place.startsWith(schedulerFolder)) {
    await mkdir(dirname(join(folder, place)), { recursive: true });
    await writeFile(join(folder, place), text);
  }
  for (const [, path] of text.matchAll(/^import (?!type )[^;]*? from "(\.[^"]+)";$/gm)) {
    await copyImports(resolve(dirname(file), path as string), folder, seen);
  }
}
