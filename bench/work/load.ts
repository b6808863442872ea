import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Finding, Work } from "../finding.ts";
import type { CallsChild } from "../rig/calls-child.ts";
import { inChild } from "../rig/child.ts";
import type { LoadChild, LoadShape } from "../rig/load-child.ts";

const MIB = 1024 ** 2;
/** So much of the disk stays free. */
const SPARE_BYTES = 5 * 1024 ** 3;

/** Runs at the far end of what is supported. Memory must follow what a run keeps, not what passes through it. */
export const loadWork: Work = {
  name: "load",
  runs: 1,
  isOnlyNamed: true,
  async measure(size) {
    const steps = size.of(10_000);
    const findings: Finding[] = [
      ...(await measured(`a graph of ${steps} steps`, { kind: "graph", steps }, 400)),
      ...(await measured(`a map of ${steps} outputs of 1 KB`, { kind: "map", items: steps, bytes: 1024 }, 400)),
    ];
    const { bavail, bsize } = statfsSync(process.env["BENCH_DIR"] ?? tmpdir());
    const missing = steps * MIB + SPARE_BYTES - bavail * bsize;
    if (missing <= 0)
      findings.push(
        ...(await measured(`a map of ${steps} outputs of 1 MB`, { kind: "map", items: steps, bytes: MIB }, 600)),
      );
    else process.stderr.write(`outputs of 1 MB are left out: the disk lacks ${Math.ceil(missing / MIB)} MB for them\n`);
    findings.push(...(await concurrentCalls(size.of(2560))));
    const hours = Math.max(1, size.of(24));
    findings.push(
      ...(await measured(`${hours} hours of a virtual clock, a round in two minutes`, { kind: "hours", hours }, 300)),
    );
    return findings;
  },
};

async function measured(what: string, shape: LoadShape, atMostMiB: number): Promise<Finding[]> {
  const { ms, peakBytes, grownBytes } = await inChild<LoadChild>("rig/load-child.ts", shape);
  return [
    { what: `${what}: time`, value: ms / 1000, unit: "s", target: null },
    { what: `${what}: most memory`, value: peakBytes / MIB, unit: "MiB", target: { atMost: atMostMiB } },
    { what: `${what}: heap, from a quarter of it to the end`, value: grownBytes / MIB, unit: "MiB more", target: null },
  ];
}

async function concurrentCalls(calls: number): Promise<Finding[]> {
  const shape = { calls, concurrency: 256, delayMs: 100 };
  const { ms } = await inChild<CallsChild>("rig/calls-child.ts", shape);
  const idealMs = Math.ceil(calls / shape.concurrency) * shape.delayMs;
  return [{ what: `${calls} calls of 100 ms at 256: over ideal`, value: ms / idealMs, unit: "x", target: null }];
}
