import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Work } from "../finding.ts";
import { inFolder, muster, timed } from "../rig/child.ts";

/** `run` steps that start the program `true`, 8 at once, through the command: from spawn to exit. */
export const processesWork: Work = {
  name: "processes",
  runs: 3,
  measure: (size) =>
    inFolder(async (folder) => {
      const count = size.of(1000);
      const list = JSON.stringify(Array.from({ length: count }, (_, index) => index));
      const text = `muster: 1\nname: processes\nsteps:\n  each: { for_each: ${list}, run: ["true"] }\n`;
      writeFileSync(join(folder, "processes.yaml"), text);
      const { ms } = await timed([muster, "run", "processes.yaml"], { cwd: folder });
      return [
        {
          what: `${count} run steps of \`true\`, by the command`,
          value: (count / ms) * 1000,
          unit: "steps/s",
          target: { atLeast: 700 },
        },
      ];
    }),
};
