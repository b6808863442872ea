import type { Work } from "../finding.ts";
import { layers } from "../rig/manifest.ts";
import { prepared } from "../rig/plan.ts";

/** From a manifest that is read and checked to its plan: names, graph, expressions, digest. In this process, warm. */
export const planWork: Work = {
  name: "plan",
  runs: 5,
  async measure(size) {
    return [
      { steps: size.of(10_000), atMost: 20 },
      { steps: size.of(100_000), atMost: 150 },
    ].map(({ steps, atMost }) => {
      const plan = prepared(layers(steps / 100, 100, 64));
      const from = performance.now();
      plan();
      return { what: `plan alone, ${steps} steps`, value: performance.now() - from, unit: "ms", target: { atMost } };
    });
  },
};
