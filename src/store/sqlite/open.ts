import { randomUUID } from "node:crypto";
import { closeSync, existsSync, linkSync, openSync, renameSync, rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { dirname, join, resolve } from "node:path";
import type { Clock } from "../../util/clock.ts";
import { StoreError, type Store } from "../store.ts";
import { rateTable } from "./rate-table.ts";
import { accountTable } from "./account-table.ts";
import { blobFolder } from "./blob-folder.ts";
import { cacheTable } from "./cache-table.ts";
import { batchWriter, committer } from "./commit.ts";
import { connect } from "./connection.ts";
import { isWithoutRoom, storeError, toStoreError } from "./error.ts";
import { FactPlaces } from "./fact-places.ts";
import { makePrivateFolder, syncFolder } from "./folder.ts";
import { deadLetterTable } from "./dead-letter-table.ts";
import { history } from "./history.ts";
import { inboxTable } from "./inbox-table.ts";
import { leaseTable } from "./lease-table.ts";
import { requireSqlite, type WarningHost } from "./load-sqlite.ts";
import { pruning } from "./prune.ts";
import { runTable } from "./run-table.ts";
import { migrate, migrations, READABLE_SINCE, readVersion } from "./schema.ts";
import { sessionTable } from "./session-table.ts";
import { stateTable } from "./state-table.ts";

/** How long a call waits for another process that writes, before StoreError `busy`. */
const BUSY_TIMEOUT_MS = 5_000;

export interface SqliteStoreOptions {
  /** The state file; blobs lie beside it in `blobs/`. Made when it is missing, unless `readOnly`. */
  readonly path: string;
  /** Opens for reading only: nothing is made or migrated, and every write throws StoreError `io`. Default false. */
  readonly readOnly?: boolean;
  readonly clock: Clock;
  /** Where Node 22 would print that SQLite is experimental: `process`, to keep that one line back. Default: it is printed. */
  readonly warnings?: WarningHost;
}

/** Opens the state of a project, `.muster/state.db`. Throws StoreError. */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const { path, readOnly = false, clock } = options;
  // Absolute, so that SQLite never takes a name for a URI.
  const file = resolve(path);
  try {
    const { DatabaseSync } = requireSqlite(options.warnings);
    const openFile: OpenFile = (name, isAlone = false) =>
      new DatabaseSync(name, { readOnly: readOnly && !isAlone, enableForeignKeyConstraints: false });
    const wal = `${file}-wal`;
    // Asked first: a file that another process makes right now comes before its log.
    const hasLog = existsSync(wal);
    if (!existsSync(file)) {
      if (readOnly) throw new StoreError("io", `there is no state in ${path} yet; 'muster run' makes it`);
      // A log without its file: whatever comes to lie beside it would be overwritten with its pages.
      if (hasLog)
        throw new StoreError(
          "corrupt",
          `the state in ${path} is gone, but its log ${wal} is not: put the file back, or delete the log to start afresh`,
        );
      createFile(file, openFile);
    }
    const db = openConnection(file, path, readOnly, openFile);
    const connection = connect(db, path);
    const blobs = blobFolder(join(dirname(file), "blobs"), clock);
    const runs = runTable(connection, clock);
    const version = readVersion(db, path, migrations.length);
    const factPlaces = new FactPlaces(connection);
    const writeBatch = batchWriter(connection, clock, factPlaces);
    return {
      ...runs,
      ...leaseTable(connection),
      commit: committer(writeBatch),
      ...history(connection, factPlaces),
      ...inboxTable(connection),
      putBlob: readOnly ? () => refuse(path) : blobs.putBlob,
      getBlob: blobs.getBlob,
      cache: cacheTable(connection, version),
      ...stateTable(connection, clock, version, writeBatch),
      ...deadLetterTable(connection, version),
      ...accountTable(connection, version),
      ...rateTable(connection),
      ...sessionTable(connection, clock, version),
      ...pruning(connection, blobs, runs.findRun),
      ...(readOnly ? { sweepBlobs: () => refuse(path) } : {}),
      close: connection.close,
    };
  } catch (error) {
    throw toStoreError(error, path);
  }
}

/** `isAlone`: also where only reading is meant, the file may be locked for it. */
type OpenFile = (file: string, isAlone?: boolean) => DatabaseSync;

function refuse(path: string): never {
  throw storeError("io", path, "it was opened for reading only");
}

/** Opens an existing file; `path` is its name for messages. */
function openConnection(file: string, path: string, readOnly: boolean, openFile: OpenFile): DatabaseSync {
  try {
    return readied(openFile(file), path, readOnly);
  } catch (error) {
    if (!readOnly || !isWithoutRoom(error)) throw error;
  }
  // Who reads needs a little room beside the file, to share it with others. Where there is none the file is read alone.
  const db = openFile(file, true);
  db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA query_only = ON");
  return readied(db, path, readOnly);
}

function readied(db: DatabaseSync, path: string, readOnly: boolean): DatabaseSync {
  try {
    // cell_size_check and trusted_schema: the file may be damaged, or come from elsewhere (a CI artifact).
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF`);
    const version = readVersion(db, path, migrations.length);
    if (version === 0) throw storeError("corrupt", path, "it is empty, which muster never leaves behind");
    if (readOnly) {
      if (version < READABLE_SINCE)
        throw storeError("io", path, `it has version ${version}, and reading alone cannot bring it to a newer one`);
    } else {
      migrate(db, path);
      db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Makes a new file whole or not at all: written aside, then given its name, unless another process was quicker.
 * So a file without tables (cut to 0 bytes, say) is never what it was.
 */
function createFile(file: string, openFile: OpenFile): void {
  makePrivateFolder(dirname(file));
  const draft = `${file}.${randomUUID()}`;
  try {
    // SQLite gives -wal and -shm the mode of the file.
    closeSync(openSync(draft, "wx", 0o600));
    const db = openFile(draft);
    try {
      // The log comes last: closing a file says nothing when its log did not fit into it.
      db.exec("PRAGMA synchronous = FULL");
      migrate(db, file);
      db.exec("PRAGMA journal_mode = WAL");
    } finally {
      db.close();
    }
    giveName(draft, file);
  } finally {
    for (const end of ["", "-wal", "-shm"]) rmSync(draft + end, { force: true });
  }
  syncFolder(dirname(file));
}

function giveName(draft: string, file: string): void {
  try {
    linkSync(draft, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    // Some file systems have no hard links (exFAT); there two first starts at the same moment are on their own.
    if (code !== "EPERM" && code !== "ENOTSUP") throw error;
    renameSync(draft, file);
  }
}
