import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding, Size, Work } from "../finding.ts";
import { inChild, inFolder, muster, timed } from "../rig/child.ts";

/** `muster resume`, from spawn to the first event of a step that starts, with 10,000 and 100,000 items on the record. */
export const resumeWork: Work = {
  name: "resume",
  runs: 5,
  async measure(size: Size) {
    const findings: Finding[] = [];
    for (const { items, atMost } of [
      { items: size.of(10_000), atMost: 150 },
      { items: size.of(100_000), atMost: 500 },
    ]) {
      await inFolder(async (folder) => {
        const text = manifest(items);
        writeFileSync(join(folder, "workflow.yaml"), text);
        await inChild("rig/interrupted-child.ts", { text, items, folder });
        const { untilMs } = await timed([muster, "resume", "BENCH", "--json"], { cwd: folder, until: '"step":"last"' });
        findings.push({
          what: `resume with ${items} done, to the first new start`,
          value: untilMs ?? Number.NaN,
          unit: "ms",
          target: { atMost },
        });
      });
    }
    return findings;
  },
};

/** The list comes from a step: a file with 100,000 items written out would measure YAML. */
function manifest(items: number): string {
  return `muster: 1
name: resume
limits: { concurrency: 64 }
steps:
  list: { run: [seq, "${items}"] }
  each: { for_each: "\${{ lines(steps.list.output) }}", max_items: ${items}, run: ["true"], stdin: "{{ item }}" }
  last: { run: ["true"], idempotent: true, needs: each }
`;
}
