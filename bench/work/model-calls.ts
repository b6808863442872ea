import type { Work } from "../finding.ts";
import { inChild } from "../rig/child.ts";
import type { CallsChild } from "../rig/calls-child.ts";

/** Calls of a model that answers after 100 ms, 20 at once, durable, over the time that the model alone takes. */
export const modelCallsWork: Work = {
  name: "model-calls",
  runs: 3,
  async measure(size) {
    const calls = size.of(200);
    const shape = { calls, concurrency: 20, delayMs: 100 };
    const idealMs = Math.ceil(calls / shape.concurrency) * shape.delayMs;
    const { ms, cpuMs } = await inChild<CallsChild>("rig/calls-child.ts", shape);
    const what = `${calls} calls of ${shape.delayMs} ms at ${shape.concurrency}`;
    return [
      { what: `${what}: over ideal`, value: ms / idealMs, unit: "x", target: { atMost: 1.05 } },
      { what: `${what}: CPU a call`, value: cpuMs / calls, unit: "ms", target: { atMost: 0.8 } },
    ];
  },
};
