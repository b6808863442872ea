import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Clock } from "../../util/clock.ts";
import type { StoredEvent } from "../../run/event.ts";
import type { Fact } from "../../run/fact.ts";
import { StoreError, type LeaseOwner, type Store } from "../store.ts";
import { blobFolder } from "./blob-folder.ts";
import { toStoreError } from "./error.ts";
import { requireSqlite, type WarningHost } from "./load-sqlite.ts";
import { openSqliteStore } from "./open.ts";
import { NAMED } from "./prune.ts";
import { salvage, type Salvage } from "./salvage/salvage.ts";

/** A state file and what lies beside it. Sizes in bytes. */
export interface StateInspection {
  /** What is wrong, a sentence each; empty when every row can be read. */
  readonly problems: readonly string[];
  readonly runs: number;
  readonly databaseBytes: number;
  /** The write-ahead log: what was not yet moved into the file. */
  readonly logBytes: number;
  readonly blobs: { readonly count: number; readonly bytes: number };
  /** Files that were begun and never named: left by a process that died. */
  readonly drafts: { readonly count: number; readonly bytes: number };
}

export interface InspectOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly warnings?: WarningHost;
}

/** A process that writes one right now has it for moments only. */
const DRAFT_AGE_MS = 60_000;

/** Problems that are told at most; more of them say nothing new. */
const MOST_PROBLEMS = 10;

/** Reads all there is of a state, changes nothing, and never throws for what it finds. The file must exist. */
export function inspectState(options: InspectOptions): StateInspection {
  const { path, clock } = options;
  const files = blobFolder(blobsOf(path), clock).list();
  const named = files.filter(({ name }) => name !== null);
  const drafts = draftsOf(path, clock);
  const sum = (list: readonly { readonly bytes: number }[]) => ({
    count: list.length,
    bytes: list.reduce((all, { bytes }) => all + bytes, 0),
  });
  return {
    ...readAll(options),
    databaseBytes: sizeOf(path),
    logBytes: sizeOf(`${path}-wal`),
    blobs: sum(named),
    drafts: sum(drafts),
  };
}

export interface RepairOptions extends InspectOptions {
  /** Whether whoever holds a lease is at work: a damaged file is not replaced under it. */
  readonly isAlive: (owner: LeaseOwner) => boolean;
}

/**
 * Moves the log into the file and deletes old drafts; of a damaged file it saves what is whole. Throws StoreError when
 * nothing could be done, and then nothing was lost by it.
 */
export function repairState(options: RepairOptions): { readonly drafts: number; readonly salvage: Salvage | null } {
  const { path, clock } = options;
  tidy(options);
  const { problems } = readAll(options);
  const salvaged = problems.length === 0 ? null : salvage(options);
  const drafts = draftsOf(path, clock);
  for (const draft of drafts) rmSync(draft.path, { force: true });
  return { drafts: drafts.length, salvage: salvaged };
}

/** Moves the log into the file, where that is whole enough for it. */
function tidy(options: InspectOptions): void {
  const { path } = options;
  try {
    // Opening it for writing brings an older version up to date, and ends a transaction that a dead process left.
    openSqliteStore(options).close();
    const { DatabaseSync } = requireSqlite(options.warnings);
    const db = new DatabaseSync(path);
    try {
      db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } finally {
      db.close();
    }
  } catch (error) {
    const told = toStoreError(error, path);
    if (!(told instanceof StoreError) || told.code !== "corrupt") throw told;
  }
}

function readAll(options: InspectOptions): Pick<StateInspection, "problems" | "runs"> {
  const problems: string[] = [];
  let runs = 0;
  const guarded = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      problems.push(error.message);
    }
  };
  guarded(() => {
    problems.push(...integrityProblems(options));
    const store = openSqliteStore({ ...options, readOnly: true });
    try {
      for (const { runId } of store.listRuns()) {
        runs += 1;
        guarded(() => lookAtBlobs(store, store.readEvents(runId)));
        guarded(() => lookAtBlobs(store, store.readFacts(runId)));
        guarded(() => void store.readInbox(runId));
        guarded(() => void store.copiedSeq(runId));
        for (const scope of ["run", "copy"] as const) guarded(() => void store.stateOfRun(runId, scope).list(""));
      }
      guarded(() => void store.state.list(""));
      guarded(() => void store.listDeadLetters());
      guarded(() => void store.listAccounts());
    } finally {
      store.close();
    }
  });
  return { problems: [...new Set(problems)].slice(0, MOST_PROBLEMS), runs };
}

/** Reads all of them, and every value that they name. Throws StoreError. */
function lookAtBlobs(store: Store, rows: Iterable<StoredEvent | Fact>): void {
  const seen = new Set<string>();
  const look = (text: string): void => {
    for (const [, name = ""] of text.matchAll(NAMED)) {
      if (seen.has(name)) continue;
      seen.add(name);
      look(Buffer.from(store.getBlob(name)).toString("latin1"));
    }
  };
  for (const row of rows) look(JSON.stringify(row));
}

/** What SQLite itself finds. A file that it cannot even open is told by whoever opens it next. */
function integrityProblems({ path, warnings }: InspectOptions): string[] {
  const { DatabaseSync } = requireSqlite(warnings);
  try {
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      const rows = db.prepare(`PRAGMA integrity_check(${MOST_PROBLEMS})`).all();
      return rows.flatMap((row) =>
        row["integrity_check"] === "ok" ? [] : [`${path}: ${String(row["integrity_check"])}`],
      );
    } finally {
      db.close();
    }
  } catch {
    return [];
  }
}

/** Old drafts of the file and of blobs. */
function draftsOf(path: string, clock: Clock): { readonly path: string; readonly bytes: number }[] {
  const isOld = (modifiedAt: number): boolean => clock.now() - modifiedAt > DRAFT_AGE_MS;
  const blobs = blobFolder(blobsOf(path), clock)
    .list()
    .filter(({ name, modifiedAt }) => name === null && isOld(modifiedAt));
  const start = `${basename(path)}.`;
  const beside = readdirSync(dirname(path)).filter(
    (file) => file.startsWith(start) && /^[0-9a-f-]{36}(?:-wal|-shm)?$/.test(file.slice(start.length)),
  );
  const files = beside.map((file) => ({ path: join(dirname(path), file), bytes: sizeOf(join(dirname(path), file)) }));
  return [...blobs, ...files.filter((file) => isOld(statSync(file.path).mtimeMs))];
}

function blobsOf(path: string): string {
  return join(dirname(path), "blobs");
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}
