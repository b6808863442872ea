import type { Work } from "../finding.ts";
import { inChild } from "../rig/child.ts";
import type { EngineChild, EngineShape } from "../rig/engine-child.ts";

/** Steps one after the other, each committed before the next starts: the disk is the floor. */
export const chainWork: Work = {
  name: "chain",
  runs: 3,
  async measure(size) {
    const steps = size.of(10_000);
    const shape: EngineShape = { kind: "chain", steps };
    const { ms, cpuMs, fsyncMs } = await inChild<EngineChild>("rig/engine-child.ts", shape);
    const what = `chain of ${steps} durable steps`;
    return [
      { what: `${what}: over one fsync a step`, value: ms / steps / fsyncMs, unit: "x", target: { atMost: 1.3 } },
      { what: `${what}: rate`, value: (steps / ms) * 1000, unit: "steps/s", target: null },
      { what: `${what}: CPU a step`, value: (cpuMs * 1000) / steps, unit: "us", target: null },
      { what: "fsync of 4 KiB on the same disk, p50", value: fsyncMs, unit: "ms", target: null },
    ];
  },
};
