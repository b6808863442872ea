// One run of the engine in a process of its own: node --expose-gc bench/rig/engine-child.ts '{ "text": ..., "items": ... }'
import { inFolder } from "./child.ts";
import { runOnDisk, type EngineRun } from "./engine-run.ts";
import { fsyncMs } from "./fsync.ts";
import { prepared } from "./plan.ts";
import { chain, fan, layers } from "./manifest.ts";

/** What is run: see bench/rig/manifest.ts. */
export type EngineShape =
  | { readonly kind: "chain"; readonly steps: number }
  | { readonly kind: "fan"; readonly items: number; readonly concurrency: number }
  | { readonly kind: "layers"; readonly count: number; readonly width: number; readonly concurrency: number };

/** What it took, and how long the same disk took for one page at that time. */
export interface EngineChild extends EngineRun {
  readonly fsyncMs: number;
}

const shape = JSON.parse(process.argv[2] ?? "") as EngineShape;
const result = await inFolder(async (folder): Promise<EngineChild> => {
  const inputs = shape.kind === "fan" ? { list: Array.from({ length: shape.items }, (_, index) => index) } : {};
  const plan = prepared(textOf(shape))();
  const before = fsyncMs(folder);
  const run = await runOnDisk(plan, inputs, `${folder}/state`);
  return { ...run, fsyncMs: (before + fsyncMs(folder)) / 2 };
});
process.stdout.write(JSON.stringify(result));

function textOf(shape: EngineShape): string {
  if (shape.kind === "chain") return chain(shape.steps);
  if (shape.kind === "fan") return fan(shape.items, shape.concurrency);
  return layers(shape.count, shape.width, shape.concurrency);
}
