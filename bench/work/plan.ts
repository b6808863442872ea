import type { Work } from "../finding.ts";
import { layers } from "../rig/manifest.ts";
import { prepared } from "../rig/plan.ts";

/**
 * From a manifest that is read and checked to its plan: names, graph, expressions. In this process, warm. Its digest,
 * which `validate` does not make, is a row of its own.
 */
export const planWork: Work = {
  name: "plan",
  runs: 5,
  async measure(size) {
    return [
      { steps: size.of(10_000), atMost: 20 },
      { steps: size.of(100_000), atMost: 150 },
    ].flatMap(({ steps, atMost }) => {
      const build = prepared(layers(steps / 100, 100, 64));
      const from = performance.now();
      const plan = build();
      const planned = performance.now();
      if (!/^[0-9a-f]{64}$/.test(plan.digest)) throw new Error("a plan without a digest");
      const digested = performance.now();
      return [
        { what: `plan alone, ${steps} steps`, value: planned - from, unit: "ms", target: { atMost } },
        { what: `its digest, ${steps} steps`, value: digested - planned, unit: "ms", target: null },
      ];
    });
  },
};
