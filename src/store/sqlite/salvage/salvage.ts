import { randomUUID } from "node:crypto";
import { closeSync, copyFileSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../../util/clock.ts";
import { StoreError, type LeaseOwner } from "../../store.ts";
import { blobFolder, type BlobFolder } from "../blob-folder.ts";
import { connect, type Connection } from "../connection.ts";
import { storeError, toStoreError } from "../error.ts";
import { syncFolder } from "../folder.ts";
import { requireSqlite, type WarningHost } from "../load-sqlite.ts";
import { NAMED } from "../prune.ts";
import { ownerOf, type RunRow } from "../run-row.ts";
import { migrate } from "../schema.ts";
import { gather, type Gathered } from "./gather.ts";
import { mendRuns } from "./mend.ts";
import { openPages } from "./pages.ts";
import type { SavedTable } from "./rows.ts";

/** What came of saving a damaged state. */
export interface Salvage {
  /** Where the damaged file is kept. */
  readonly keptAs: string;
  /** Runs that are there again. */
  readonly runs: number;
  /** What is lost, a sentence each. */
  readonly losses: readonly string[];
}

export interface SalvageOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Whether whoever holds a lease is at work: then nothing is touched. */
  readonly isAlive: (owner: LeaseOwner) => boolean;
  readonly warnings?: WarningHost;
}

/**
 * Makes a new state file of every row of a damaged one that has its checksum, and keeps the damaged one beside it.
 * Throws StoreError, and then nothing has changed.
 */
export function salvage(options: SalvageOptions): Salvage {
  const { path, clock } = options;
  const draft = `${path}.${randomUUID()}`;
  try {
    const found = build(draft, options);
    const keptAs = swap(path, draft, clock);
    return { ...found, keptAs };
  } catch (error) {
    throw toStoreError(error, path);
  } finally {
    for (const end of ["", "-wal", "-shm"]) rmSync(draft + end, { force: true });
  }
}

function build(draft: string, { path, clock, isAlive, warnings }: SalvageOptions): Omit<Salvage, "keptAs"> {
  const { DatabaseSync } = requireSqlite(warnings);
  closeSync(openSync(draft, "wx", 0o600));
  const pages = openPages(path);
  try {
    const db: DatabaseSync = new DatabaseSync(draft, { enableForeignKeyConstraints: false });
    const connection = connect(db, draft);
    try {
      migrate(db, draft);
      // The draft is worth nothing before it is whole: it is synced once, at its end.
      connection.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
      const isWholeBlob = blobCheck(blobFolder(join(dirname(path), "blobs"), clock));
      const losses = connection.write(() => {
        const gathered = gather(pages, db);
        if (gathered.rows === 0) throw storeError("corrupt", path, "nothing that muster wrote is whole in it");
        refuseWhereAlive(connection, path, isAlive);
        return [...mendRuns(connection, isWholeBlob), ...mendRest(connection, isWholeBlob), ...lossesOf(gathered)];
      });
      const runs = connection.sql("SELECT count(*) AS count FROM run").get()?.["count"] as number;
      connection.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
      return { runs, losses };
    } finally {
      connection.close();
    }
  } finally {
    pages.close();
  }
}

function refuseWhereAlive({ sql }: Connection, path: string, isAlive: (owner: LeaseOwner) => boolean): void {
  for (const row of sql("SELECT * FROM run WHERE lease_host IS NOT NULL").all() as unknown as readonly RunRow[]) {
    const owner = ownerOf(row);
    if (owner !== null && isAlive(owner))
      throw new StoreError(
        "busy",
        `the state in ${path} is damaged, and run ${row.run_id} is being run by pid ${owner.pid} on ${owner.host}: stop it first, then repair`,
      );
  }
}

/** What belongs to no run any more, and outcomes for other runs whose values are gone. */
function mendRest({ sql }: Connection, isWholeBlob: (name: string) => boolean): string[] {
  for (const table of ["figures", "audit"]) sql(`DELETE FROM ${table} WHERE id NOT IN (SELECT id FROM run)`).run();
  for (const table of ["inbox", "dead_letter", "run_state"])
    sql(`DELETE FROM ${table} WHERE run NOT IN (SELECT id FROM run)`).run();
  for (const table of ["message", "turn"])
    sql(`DELETE FROM ${table} WHERE session NOT IN (SELECT id FROM session)`).run();
  let lost = 0;
  for (const { key, body } of sql("SELECT key, body FROM cache").all() as { key: string; body: string }[]) {
    if ([...body.matchAll(NAMED)].every(([, name = ""]) => isWholeBlob(name))) continue;
    sql("DELETE FROM cache WHERE key = ?").run(key);
    lost += 1;
  }
  return lost === 0 ? [] : [`${lost} cached outcomes are lost with their values`];
}

/** Told by their rows alone: nothing else knows how many there were. Runs, events and outcomes are counted by their runs. */
const NAMES: { readonly [table in SavedTable]?: string } = {
  state: "values of the project",
  run_state: "values of runs",
  inbox: "messages to runs",
  dead_letter: "dead letters",
  figures: "figures of runs, for 'muster stats'",
  audit: "marks of how far runs were copied",
  cache: "cached outcomes",
  session: "sessions",
  message: "messages to sessions",
  turn: "turns of sessions",
};

function lossesOf({ lostPages, lostRows }: Gathered): string[] {
  const rows = [...lostRows].flatMap(([table, count]) =>
    NAMES[table] === undefined ? [] : [`${NAMES[table]}: ${count} lost`],
  );
  if (lostPages > 0)
    rows.push(
      `${lostPages} page${lostPages === 1 ? " of the file is" : "s of the file are"} damaged: what is told of runs may be from there, but values of the project, dead letters and messages that were there are not told one by one`,
    );
  return rows;
}

/** Whether a blob, and every one that it names, has the content of its name. */
function blobCheck(blobs: BlobFolder): (name: string) => boolean {
  const known = new Map<string, boolean>();
  const isWhole = (name: string): boolean => {
    const before = known.get(name);
    if (before !== undefined) return before;
    // A blob cannot name itself, but what is damaged is not asked twice either.
    known.set(name, false);
    const whole = canRead(blobs, name) && blobs.namesIn(name, NAMED).every(isWhole);
    known.set(name, whole);
    return whole;
  };
  return isWhole;
}

function canRead(blobs: BlobFolder, name: string): boolean {
  try {
    blobs.getBlob(name);
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.code === "corrupt") return false;
    throw error;
  }
}

/** Puts the new file in place of the damaged one, which keeps its log under its new name. */
function swap(path: string, draft: string, clock: Clock): string {
  syncFile(draft);
  const keptAs = `${path}.damaged-${new Date(clock.now()).toISOString().replaceAll(/[:.]/g, "-")}`;
  // A second name first, so that there is a file under its own name at every moment.
  keep(path, keptAs);
  // Before the new file is there: a log would be applied to whatever lies beside it.
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${keptAs}-wal`);
  rmSync(`${path}-shm`, { force: true });
  syncFolder(dirname(path));
  renameSync(draft, path);
  syncFolder(dirname(path));
  return keptAs;
}

function keep(path: string, name: string): void {
  try {
    linkSync(path, name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EPERM" && code !== "ENOTSUP") throw error;
    copyFileSync(path, name);
    syncFile(name);
  }
}

function syncFile(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
