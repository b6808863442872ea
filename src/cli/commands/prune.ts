import { resolve } from "node:path";
import { hasState, openStore, removeRunFolder, workspaceOf } from "../../compose.ts";
import { completeAudit } from "../../compose/audit.ts";
import { sweepCachedFiles } from "../../compose/files.ts";
import type { RunSummary, Store } from "../../store/store.ts";
import { systemClock } from "../../util/clock.ts";
import { parseDuration } from "../../util/duration.ts";
import { formatBytes } from "../../util/format.ts";
import { findProject, type Project } from "../../util/project.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { standing } from "../standing.ts";
import type { Terminal } from "../terminal.ts";
import { runLines } from "../view/run-line.ts";

export interface PruneOptions {
  /** A duration: runs that have not changed for so long. */
  readonly olderThan?: string;
  /** The newest so many stay, whatever their age. */
  readonly keep?: number;
  readonly dryRun?: boolean;
  /** Runs that can still be resumed, too. */
  readonly all?: boolean;
  /** Every cached outcome, whatever its age. */
  readonly cache?: boolean;
  readonly json?: boolean;
  readonly state?: string;
}

/** A blob is written before the run that names it says so: younger ones are left alone. */
const YOUNG_MS = 3_600_000;

/** `muster prune`: deletes runs that are over, and what no run needs any more. */
export async function run(terminal: Terminal, _args: readonly string[], options: PruneOptions): Promise<ExitCode> {
  const olderThanMs = options.olderThan === undefined ? null : parseDuration(options.olderThan);
  if (options.olderThan !== undefined && olderThanMs === null)
    throw new UsageError(`--older-than ${options.olderThan}: write a duration such as 30d, 12h or 1d12h`);
  const project = findProject(terminal.cwd, options.state ?? null);
  if (!hasState(project)) throw new UsageError(`there is no state in ${project.statePath}`);
  const store = openStore(project, { readOnly: false });
  try {
    const now = systemClock.now();
    const { dryRun = false } = options;
    const mayGo = (summary: RunSummary): boolean =>
      canBeDeleted(summary, options) && (olderThanMs === null || now - summary.updatedAt >= olderThanMs);
    const chosen =
      options.olderThan === undefined && options.keep === undefined
        ? []
        : store
            .listRuns()
            .filter(mayGo)
            .slice(options.keep ?? 0);
    const lettersOf = new Map<string, number>();
    for (const { runId } of store.listDeadLetters()) lettersOf.set(runId, (lettersOf.get(runId) ?? 0) + 1);
    if (!dryRun) for (const summary of chosen) keepAudit(summary, project, store);
    const gone = dryRun ? chosen : chosen.filter(({ runId }) => store.deleteRun(runId, mayGo));
    if (!dryRun) for (const { runId } of gone) removeRunFolder(project, runId);
    const letters = gone.reduce((sum, { runId }) => sum + (lettersOf.get(runId) ?? 0), 0);
    // Without a word about age or number the cache stays, as runs do.
    const cacheAge = options.cache === true ? Number.MAX_SAFE_INTEGER : olderThanMs === null ? 0 : now - olderThanMs;
    const cached = store.cache.prune({ olderThan: cacheAge, dryRun });
    const sessions = store.sessions.prune({ olderThan: olderThanMs === null ? 0 : now - olderThanMs, dryRun });
    const files = await sweepCachedFiles(project, store, { olderThan: now - YOUNG_MS, dryRun });
    const blobs = store.sweepBlobs({
      olderThan: now - YOUNG_MS,
      dryRun,
      without: new Set(gone.map(({ runId }) => runId)),
    });
    const isCompact = dryRun || gone.length === 0 || compacted(store);
    if (options.json === true)
      terminal.out(
        `${JSON.stringify({ version: 1, dry_run: dryRun, runs: gone.map(({ runId }) => runId), dead_letters: letters, cached, sessions, cached_files: files.count, cached_file_bytes: files.bytes, blobs: blobs.count, blob_bytes: blobs.bytes, compacted: isCompact }, null, 2)}\n`,
      );
    else {
      if (dryRun) terminal.out(runLines(gone, terminal.outColor));
      terminal.err(
        `${dryRun ? "would delete" : "deleted"} ${count(gone.length, "run")}${letters === 0 ? " " : `, ${count(letters, "dead letter")} `}and ${count(blobs.count, "unused value")} (${formatBytes(blobs.bytes)})\n`,
      );
      if (cached > 0 || files.count > 0)
        terminal.err(
          `${dryRun ? "would delete" : "deleted"} ${count(cached, "cached outcome")} and ${count(files.count, "cached file")} (${formatBytes(files.bytes)})\n`,
        );
      if (sessions > 0)
        terminal.err(`${dryRun ? "would delete" : "deleted"} ${count(sessions, "session")} of the project\n`);
      if (options.olderThan === undefined && options.keep === undefined && options.cache !== true)
        terminal.err("say which runs may go: --older-than 30d, --keep 20\n");
      if (!isCompact) terminal.err("another process is at work: the file shrinks at the next prune\n");
    }
    return exitCode.succeeded;
  } finally {
    store.close();
  }
}

/** What the runner of a run could not copy any more is copied before the run goes. UsageError when that fails. */
function keepAudit(summary: RunSummary, project: Project, store: Store): void {
  try {
    completeAudit(summary, workspaceOf(resolve(project.root, summary.manifestPath), project), store, systemClock);
  } catch (error) {
    if (error instanceof Error && error.name === "StoreError") throw error;
    throw new UsageError(
      `run ${summary.runId} is not in its audit copy as a whole, which cannot be written: ${(error as Error).message}; mend that first: nothing was deleted`,
    );
  }
}

/** Runs that are over; with `--all` those that can be resumed too; never one that somebody runs. */
function canBeDeleted(summary: RunSummary, { all = false }: PruneOptions): boolean {
  const status = standing(summary);
  if (status === "running") return false;
  return all || status === "succeeded" || status === "failed" || status === "cancelled";
}

function compacted(store: Store): boolean {
  try {
    store.compact();
    return true;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== "busy") throw error;
    return false;
  }
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
