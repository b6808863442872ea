import type { Work } from "../finding.ts";
import { inChild } from "../rig/child.ts";
import type { EngineChild, EngineShape } from "../rig/engine-child.ts";

/** The items of one `for_each`, 64 at once, each with its own durable outcome. */
export const fanOutWork: Work = {
  name: "fan-out",
  runs: 3,
  async measure(size) {
    const items = size.of(10_000);
    const shape: EngineShape = { kind: "fan", items, concurrency: 64 };
    const { ms, cpuMs } = await inChild<EngineChild>("rig/engine-child.ts", shape);
    const what = `fan-out of ${items} at 64, durable`;
    return [
      { what, value: (items / ms) * 1000, unit: "items/s", target: { atLeast: 50_000 } },
      { what: `${what}: CPU an item`, value: (cpuMs * 1000) / items, unit: "us", target: null },
    ];
  },
};
