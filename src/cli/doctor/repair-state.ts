import { basename } from "node:path";
import { hasState } from "../../compose.ts";
import { repairProjectState } from "../../compose/state-care.ts";
import { StoreError } from "../../store/store.ts";
import type { Project } from "../../util/project.ts";
import { fail, ok, warn, type Finding } from "./finding.ts";

/** Losses that are shown at most; the rest are counted. */
const MOST_LOSSES = 50;

/** `--repair`: tidies the state, or saves what is whole of it and says what is not. */
export function repairState(project: Project): readonly Finding[] {
  if (!hasState(project)) return [ok("repair", "there is no state to repair")];
  try {
    const { drafts, salvage } = repairProjectState(project);
    const deleted = `${drafts} half-written file${drafts === 1 ? "" : "s"} deleted`;
    if (salvage === null) return [ok("repair", `the log is in the file, ${deleted}`)];
    const { runs, keptAs, losses } = salvage;
    const saved = `the state was damaged: ${runs} run${runs === 1 ? " is" : "s are"} in a new file, ${deleted}`;
    const more = losses.length - MOST_LOSSES;
    return [
      warn("repair", saved, `the damaged file is kept as ${basename(keptAs)}; delete it when you miss nothing`),
      ...(losses.length === 0 ? [ok("lost", "nothing: every row was whole")] : []),
      ...losses.slice(0, MOST_LOSSES).map((loss) => warn("lost", loss, null)),
      ...(more > 0 ? [warn("lost", `${more} more; 'muster logs RUN' shows what a run lacks`, null)] : []),
    ];
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return [fail("repair", error.message, "nothing was changed")];
  }
}
