import { closeSync, existsSync, lstatSync, openSync, realpathSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { dirname, join, sep } from "node:path";
import { planOfRun } from "../engine/local/read-run.ts";
import { readValue } from "../engine/local/stored-value.ts";
import type { OpenAudit } from "../engine/local/surroundings.ts";
import type { Plan } from "../plan/types.ts";
import { isAuditCopy, openAuditFile } from "../reporter/audit-file.ts";
import type { RunSummary, Store } from "../store/store.ts";
import type { Clock } from "../util/clock.ts";
import type { Environment } from "./environment.ts";
import { makeFolder } from "../util/make-folder.ts";

interface AuditOptions {
  readonly plan: Plan;
  /** Absolute path. */
  readonly workspace: string;
  readonly store: Store;
  readonly clock: Clock;
}

/** How the audit copies of a plan are opened; null where it has none. Throws the system's error, or an Error, when they cannot be. */
export function auditOf({ plan, workspace, store, clock }: AuditOptions): OpenAudit | null {
  if (plan.events === undefined) return null;
  const { keepMs } = plan.events;
  const path = join(workspace, plan.events.file);
  probe(path, workspace);
  return (runId, warn) =>
    openAuditFile({
      path,
      keepMs,
      runId,
      from: store.copiedSeq(runId),
      readEvents: (after) => store.readEvents(runId, { after }),
      readValue: (ref) => readValue(store, ref),
      now: () => clock.now(),
      warn,
    });
}

/** That the file can be written, that no link leads it out of the workspace, and that it holds nothing else. */
function probe(path: string, workspace: string): void {
  const root = realpathSync(workspace);
  const expectInside = (place: string): void => {
    const real = realpathSync(place);
    if (real !== root && !real.startsWith(root + sep)) throw new Error("a link leads it out of the workspace");
  };
  let folder = dirname(path);
  while (!existsSync(folder)) folder = dirname(folder);
  expectInside(folder);
  makeFolder(dirname(path));
  expectInside(dirname(path));
  // A link to nothing would make a file where it leads.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) expectInside(path);
  const file = openSync(path, "a+", 0o600);
  try {
    if (!isAuditCopy(file)) throw new Error("it holds something else: name a file that is for the audit copy alone");
  } finally {
    closeSync(file);
  }
}

/** Writes what the runner of a run could not copy any more, before the run is deleted. Throws the system's error. */
export function completeAudit(summary: RunSummary, workspace: string, store: Store, clock: Clock): void {
  const { runId } = summary;
  const choice = (summary.frozen as { readonly choice?: { readonly simulated?: unknown } }).choice;
  if (choice?.simulated === true || store.copiedSeq(runId) >= store.lastSeq(runId)) return;
  const plan = planOfRun(store, runId);
  const open = plan === null ? null : auditOf({ plan, workspace, store, clock });
  if (open === null) return;
  let problem: string | null = null;
  const copy = open(runId, (message) => (problem = message));
  try {
    copy.onEvents([]);
    copy.sync();
  } finally {
    copy.close();
  }
  if (problem !== null) throw new Error(problem);
}

/** Who started this process, as far as it tells: the account of the CI that runs it, else the user and the machine. */
export function initiatorOf(env: Environment): string {
  const github = env["GITHUB_ACTOR"];
  if (env["GITHUB_ACTIONS"] === "true" && github !== undefined) return `github:${github}`;
  const gitlab = env["GITLAB_USER_LOGIN"];
  if (env["GITLAB_CI"] === "true" && gitlab !== undefined) return `gitlab:${gitlab}`;
  return `${userName(env)}@${hostname()}`;
}

function userName(env: Environment): string {
  try {
    return userInfo().username;
  } catch {
    // An account without an entry, as in some containers.
    return env["USER"] ?? "unknown";
  }
}
