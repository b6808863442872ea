// One large run in a process of its own: node --expose-gc bench/rig/load-child.ts '{ "kind": "map", "items": ..., "bytes": ... }'
import { plainResult, type StepHandler } from "../../src/engine/step/handler.ts";
import { createVirtualClock } from "../../src/testing/clock.ts";
import { systemClock } from "../../src/util/clock.ts";
import { inFolder } from "./child.ts";
import { heapBytes, startOnDisk } from "./engine-run.ts";
import { fan, layers } from "./manifest.ts";
import { prepared } from "./plan.ts";

export type LoadShape =
  /** A graph of steps, each of which needs two. */
  | { readonly kind: "graph"; readonly steps: number }
  /** Items whose outputs have so many bytes, all different. */
  | { readonly kind: "map"; readonly items: number; readonly bytes: number }
  /** Rounds with two minutes between them, on a virtual clock. */
  | { readonly kind: "hours"; readonly hours: number };

export interface LoadChild {
  readonly ms: number;
  /** The most memory that the process had. */
  readonly peakBytes: number;
  /** What the heap grew by from a quarter of the work to its end; both ends after a collection. */
  readonly grownBytes: number;
}

/** `repeat` goes round at most a thousand times. */
const ROUNDS_AN_HOUR = 30;

const shape = JSON.parse(process.argv[2] ?? "") as LoadShape;
const size = shape.kind === "graph" ? shape.steps : shape.kind === "map" ? shape.items : shape.hours * ROUNDS_AN_HOUR;
let done = 0;
let quarter = 0;

/** Answers at once with a text of its own. */
const standIn: StepHandler = {
  prepare: () => ({
    ok: true,
    value: {
      kind: "later",
      model: null,
      isWaiting: false,
      async run() {
        done += 1;
        if (done === Math.ceil(size / 4)) quarter = heapBytes();
        const mark = String(done).padStart(16, "0");
        return plainResult({ ok: true, output: shape.kind === "map" ? mark.repeat(shape.bytes / 16) : mark });
      },
    },
  }),
};

const result = await inFolder(async (folder): Promise<LoadChild> => {
  const inputs = shape.kind === "map" ? { list: Array.from({ length: shape.items }, (_, index) => index) } : {};
  const clock = shape.kind === "hours" ? createVirtualClock() : systemClock;
  const plan = prepared(textOf(shape))();
  const from = performance.now();
  const { run, store } = startOnDisk(plan, inputs, `${folder}/state`, standIn, clock);
  const { status, failure } = await run.done;
  const ms = performance.now() - from;
  // The last of the rounds leaves the run failed: `until` never holds.
  if (status !== (shape.kind === "hours" ? "failed" : "succeeded"))
    throw new Error(`the run ${status}: ${failure?.message}`);
  if (done !== size) throw new Error(`${done} of ${size} were done`);
  const grownBytes = heapBytes() - quarter;
  store.close();
  // `run` is named behind the measurement: until there nothing of it may be collected.
  run.interrupt();
  return { ms, peakBytes: process.resourceUsage().maxRSS * 1024, grownBytes };
});
process.stdout.write(JSON.stringify(result));

function textOf(of: LoadShape): string {
  if (of.kind === "graph") return layers(of.steps / 100, 100, 64);
  if (of.kind === "map") return fan(of.items, 64);
  return `muster: 1
name: hours
limits: { timeout: 30h }
agents: { nobody: { model: anthropic/claude-haiku-5-5 } }
steps:
  round: { agent: nobody, task: "Go on after {{ previous }}", repeat: { until: "false", max: ${of.hours * ROUNDS_AN_HOUR}, delay: 2m } }
`;
}
