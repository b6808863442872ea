import type { Finding, Work } from "../finding.ts";
import { inChild } from "../rig/child.ts";
import type { EngineChild, EngineShape } from "../rig/engine-child.ts";

/**
 * The same fan-out at 1,000, 10,000 and 100,000 items: time, memory and bytes an item must not grow. What a process
 * costs once, however small the run, is in the figures of the smallest.
 */
export const growthWork: Work = {
  name: "growth",
  runs: 3,
  async measure(size) {
    const findings: Finding[] = [];
    const usAnItem: number[] = [];
    for (const items of [size.of(1000), size.of(10_000), size.of(100_000)]) {
      const shape: EngineShape = { kind: "fan", items, concurrency: 64 };
      const run = await inChild<EngineChild>("rig/engine-child.ts", shape);
      usAnItem.push((run.ms * 1000) / items);
      findings.push(
        { what: `time an item, of ${items}`, value: (run.ms * 1000) / items, unit: "us", target: null },
        memory(items, run.heapBytes),
        { what: `state an item, of ${items}`, value: run.stateBytes / items, unit: "bytes", target: { atMost: 700 } },
      );
    }
    const [, middle = Number.NaN, largest = Number.NaN] = usAnItem;
    findings.push({
      what: "growth: time an item, the largest over the one before",
      value: largest / middle,
      unit: "x",
      target: { atMost: 1.3 },
    });
    return findings;
  },
};

/** The plan is not in it: a fan has one step. */
function memory(items: number, heapBytes: number): Finding {
  const atMost = items >= 100_000 ? 600 : 2048;
  const target = items >= 10_000 ? { atMost } : null;
  return { what: `memory an item, of ${items}`, value: heapBytes / items, unit: "bytes", target };
}
