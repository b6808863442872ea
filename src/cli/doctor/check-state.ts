import { hasState, openStore } from "../../compose.ts";
import { inspectProjectState, type StateInspection } from "../../compose/state-care.ts";
import { formatBytes } from "../../util/format.ts";
import type { Project } from "../../util/project.ts";
import { standing } from "../standing.ts";
import { fail, ok, warn, type Finding } from "./finding.ts";

/** A log of this size was not moved into the file for a long time. */
const LARGE_LOG_BYTES = 64 * 1024 ** 2;

/** The state: whether all of it can be read, and what it takes. */
export function checkState(project: Project): readonly Finding[] {
  if (!hasState(project)) return [ok("state", `none yet in ${project.statePath}; 'muster run' makes it`)];
  const found = inspectProjectState(project);
  const help = "'muster doctor --repair' saves what is whole, keeps the damaged file beside it, and says what is lost";
  if (found.problems.length > 0) return found.problems.map((problem) => fail("state", problem, help));
  return [ok("state", sizeText(found)), ...leftovers(found), ...unfinished(project)];
}

function sizeText({ runs, databaseBytes, blobs }: StateInspection): string {
  return `${count(runs, "run")}, every row is whole; ${formatBytes(databaseBytes)}, and ${formatBytes(blobs.bytes)} in ${count(blobs.count, "large value")}`;
}

function leftovers({ logBytes, drafts }: StateInspection): Finding[] {
  const findings: Finding[] = [];
  if (logBytes > LARGE_LOG_BYTES)
    findings.push(
      warn(
        "log",
        `the write-ahead log has ${formatBytes(logBytes)}`,
        "'muster doctor --repair' moves it into the file",
      ),
    );
  if (drafts.count > 0)
    findings.push(
      warn(
        "drafts",
        `${count(drafts.count, "file")} (${formatBytes(drafts.bytes)}) that a process left half-written`,
        "'muster doctor --repair' deletes them",
      ),
    );
  return findings;
}

function unfinished(project: Project): Finding[] {
  const store = openStore(project, { readOnly: true });
  try {
    const open = store
      .listRuns({ status: ["running", "interrupted", "waiting"] })
      .filter((summary) => standing(summary) !== "running");
    if (open.length === 0) return [];
    return [
      warn(
        "runs",
        `${count(open.length, "unfinished run")}, the newest ${open[0]?.runId ?? ""}`,
        "'muster resume' goes on with the newest; 'muster prune --all --older-than 30d' deletes old ones",
      ),
    ];
  } finally {
    store.close();
  }
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
