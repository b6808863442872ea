import type { Work } from "../finding.ts";
import { inChild } from "../rig/child.ts";
import type { EngineChild, EngineShape } from "../rig/engine-child.ts";

/** A wide graph: layers of steps, each of which needs two of the layer before. */
export const layersWork: Work = {
  name: "layers",
  runs: 3,
  async measure(size) {
    const width = 100;
    const count = size.of(10_000) / width;
    const shape: EngineShape = { kind: "layers", count, width, concurrency: width };
    const { ms, cpuMs } = await inChild<EngineChild>("rig/engine-child.ts", shape);
    const what = `${count} layers of ${width}, each step needs two, durable`;
    const steps = count * width;
    return [
      { what, value: (steps / ms) * 1000, unit: "steps/s", target: { atLeast: 30_000 } },
      { what: `${what}: CPU a step`, value: (cpuMs * 1000) / steps, unit: "us", target: null },
    ];
  },
};
