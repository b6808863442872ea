/*
 * A process of its own: `node hunt.ts SEED SHARE FOLDER...` tries the properties, with so large a share of their
 * scenarios, on the copy of the scheduler in each folder, and prints one JSON line a folder: which property caught
 * it, or null. It runs plain Node, which reads TypeScript as it is, so that the copies need no build.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { properties } from "./property.ts";
import type { Scheduler } from "./scheduler.ts";

/** What became of one copy. */
export interface Catch {
  readonly property: string;
  readonly rule: string;
  readonly scenarios: number;
}

const [seed, share, ...folders] = process.argv.slice(2);
for (const folder of folders) process.stdout.write(`${JSON.stringify(hunt(await load(folder)))}\n`);

async function load(folder: string): Promise<Scheduler> {
  const module = async (name: string): Promise<unknown> =>
    import(pathToFileURL(join(folder, "src/run/scheduler", name)).href);
  const { apply } = (await module("apply.ts")) as Pick<Scheduler, "apply">;
  const { initialState } = (await module("state.ts")) as Pick<Scheduler, "initialState">;
  return { apply, initialState };
}

function hunt(scheduler: Scheduler): Catch | null {
  for (const { name, runs, on } of properties) {
    const property = on(scheduler) as fc.IProperty<unknown>;
    const { failed, numRuns, errorInstance } = fc.check(property, {
      seed: Number(seed),
      numRuns: Math.ceil(runs * Number(share)),
      endOnFailure: true,
    });
    if (failed) return { property: name, rule: String(errorInstance), scenarios: numRuns };
  }
  return null;
}
