import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "../store.ts";
import { START_AFRESH, storeError } from "./error.ts";

/** Marks the file as ours, `PRAGMA application_id`: "Mstr" in ASCII. */
export const APPLICATION_ID = 0x4d737472;

/**
 * Each entry leads from the version that is its index to the next one; version 0 is an empty file.
 * History of `PRAGMA user_version`:
 *   1  runs with lease, records, events, facts, inbox (muster 0.1)
 *   2  state: values of the project (muster 0.1)
 *   3  dead_letter: units that failed for good; figures: what a run took; audit: how far it was copied;
 *      run_state: values of runs; rate_use: what was used of limits in time;
 *      cache: outcomes that are reused over runs;
 *      session, message, turn: durable conversations;
 *      facts without an index by key: whoever writes them knows where they lie (fact-places.ts);
 *      events that were committed together in one row (event-row.ts); those of before stay as they are
 *
 * `event.id` and `fact.id` are `run.id * 2^32 + n` (run-span.ts), so one run lies together and in order without a second index:
 * n is the `seq` of a row's last event, and for facts counts 1, 2, 3, ... in the order of writing.
 * `crc` is checked on every read (see *-row.ts): SQLite itself does not notice a flipped bit inside a value.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    started_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    active_ms INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    last_place INTEGER NOT NULL,
    fact_count INTEGER NOT NULL,
    lease_host TEXT,
    lease_pid INTEGER,
    lease_process_start TEXT,
    lease_renewed_at INTEGER,
    crc INTEGER NOT NULL
  );
  CREATE INDEX run_by_start ON run (started_at);
  CREATE TABLE record (id INTEGER PRIMARY KEY, body TEXT NOT NULL, crc INTEGER NOT NULL);
  CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    step TEXT,
    item INTEGER,
    attempt INTEGER,
    data TEXT,
    crc INTEGER NOT NULL
  );
  CREATE TABLE fact (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    body TEXT NOT NULL,
    crc INTEGER NOT NULL
  );
  CREATE INDEX fact_by_key ON fact (key);
  CREATE TABLE inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    crc INTEGER NOT NULL
  );
  CREATE INDEX inbox_by_run ON inbox (run);
  `,
  `
  CREATE TABLE state (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    version INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    crc INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  CREATE TABLE dead_letter (
    run INTEGER NOT NULL,
    key TEXT NOT NULL,
    dropped INTEGER NOT NULL,
    body TEXT NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (run, key)
  ) WITHOUT ROWID;
  CREATE TABLE figures (id INTEGER PRIMARY KEY, workflow TEXT NOT NULL, version TEXT, body TEXT NOT NULL, crc INTEGER NOT NULL);
  CREATE TABLE audit (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, crc INTEGER NOT NULL);
  CREATE TABLE run_state (
    run INTEGER NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT,
    version INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (run, scope, key)
  ) WITHOUT ROWID;
  CREATE TABLE cache (key TEXT PRIMARY KEY, created_at INTEGER NOT NULL, body TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE rate_use (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, at INTEGER NOT NULL, amount INTEGER NOT NULL);
  CREATE INDEX rate_use_by_name ON rate_use (name, at);
  CREATE TABLE session (id TEXT PRIMARY KEY, run TEXT NOT NULL, body TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    session TEXT NOT NULL,
    run TEXT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL,
    crc INTEGER NOT NULL
  );
  CREATE INDEX message_by_run ON message (run);
  CREATE INDEX message_by_session ON message (session);
  CREATE INDEX message_open ON message (id) WHERE state <> 'answered';
  CREATE TABLE turn (
    session TEXT NOT NULL,
    member INTEGER NOT NULL,
    n INTEGER NOT NULL,
    body TEXT NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (session, member, n)
  ) WITHOUT ROWID;
  DROP INDEX fact_by_key;
  `,
];

/** The oldest version that can be read as it is: what came later only added tables and took an index away. */
export const READABLE_SINCE = 1;

/** The version of an open file. Throws StoreError when it is not ours, or from a later muster. */
export function readVersion(db: DatabaseSync, path: string, known: number): number {
  const owner = pragma(db, "application_id");
  const version = pragma(db, "user_version");
  if (version === 0 && owner === 0 && isEmpty(db)) return 0;
  if (owner !== APPLICATION_ID) throw storeError("corrupt", path, "it is a database of another program");
  if (version > known) {
    throw new StoreError(
      "version",
      `the state in ${path} has version ${version}, and this muster knows versions up to ${known}: ` +
        `use the muster that wrote it, or a later one, or ${START_AFRESH}`,
    );
  }
  return version;
}

/** Brings an open file to the newest version, in one transaction; does nothing when it is there. */
export function migrate(db: DatabaseSync, path: string, steps: readonly string[] = migrations): void {
  if (readVersion(db, path, steps.length) === steps.length) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    // Asked again under the lock: another process may have been quicker.
    for (const step of steps.slice(readVersion(db, path, steps.length))) db.exec(step);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${steps.length}; COMMIT`);
  } catch (error) {
    rollBack(db);
    throw error;
  }
}

/** Ends a failed transaction. SQLite has already done it after some errors (a full disk), and then refuses. */
export function rollBack(db: DatabaseSync): void {
  try {
    db.exec("ROLLBACK");
  } catch {
    // No transaction is open: that is what was wanted.
  }
}

function pragma(db: DatabaseSync, name: "application_id" | "user_version"): number {
  return db.prepare(`PRAGMA ${name}`).get()?.[name] as number;
}

function isEmpty(db: DatabaseSync): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
}
