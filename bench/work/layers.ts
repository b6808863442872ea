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
    const { ms } = await inChild<EngineChild>("rig/engine-child.ts", shape);
    const what = `${count} layers of ${width}, each step needs two, durable`;
    return [{ what, value: ((count * width) / ms) * 1000, unit: "steps/s", target: { atLeast: 30_000 } }];
  },
};
