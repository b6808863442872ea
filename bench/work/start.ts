import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Work } from "../finding.ts";
import { inFolder, muster, timed } from "../rig/child.ts";
import { chain } from "../rig/manifest.ts";

/** What the command costs before it does anything, over a Node that does nothing. */
export const startWork: Work = {
  name: "start",
  runs: 15,
  measure: () =>
    inFolder(async (folder) => {
      const file = join(folder, "ten.yaml");
      writeFileSync(file, chain(10));
      const nothing = await timed(["-e", "0"]);
      const version = await timed([muster, "--version"]);
      const validate = await timed([muster, "validate", file]);
      return [
        {
          what: "`muster --version` over `node -e 0`",
          value: version.ms / nothing.ms,
          unit: "x",
          target: { atMost: 1.3 },
        },
        {
          what: "`muster validate` of 10 steps over `node -e 0`",
          value: validate.ms / nothing.ms,
          unit: "x",
          target: { atMost: 2 },
        },
        { what: "`node -e 0`", value: nothing.ms, unit: "ms", target: null },
      ];
    }),
};
