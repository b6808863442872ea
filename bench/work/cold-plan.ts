import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding, Work } from "../finding.ts";
import { inFolder, muster, timed } from "../rig/child.ts";
import { layers } from "../rig/manifest.ts";

/** `muster validate FILE`, from spawn to exit: Node's start, reading the YAML, checking it, planning it. */
export const coldPlanWork: Work = {
  name: "cold-plan",
  runs: 5,
  measure: (size) =>
    inFolder(async (folder) => {
      const findings: Finding[] = [];
      for (const { steps, atMost } of [
        { steps: size.of(1000), atMost: 150 },
        { steps: size.of(10_000), atMost: 600 },
      ]) {
        const file = join(folder, `${steps}.yaml`);
        writeFileSync(file, layers(steps / 100, 100, 64));
        const { ms } = await timed([muster, "validate", file]);
        findings.push({ what: `YAML file to plan, cold, ${steps} steps`, value: ms, unit: "ms", target: { atMost } });
      }
      return findings;
    }),
};
