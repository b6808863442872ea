import { InternalError } from "../../util/internal-error.ts";
import { LeaseLostError, StoreError } from "../store.ts";

/** Thrown while a row is read that was never written so; becomes StoreError `corrupt`. */
export class DamagedRow extends Error {
  override readonly name = "DamagedRow";
}

/** Primary result codes of SQLite, https://www.sqlite.org/rescode.html. */
const PRIMARY = {
  3: "io", // PERM
  5: "busy", // BUSY
  6: "busy", // LOCKED
  8: "io", // READONLY
  10: "io", // IOERR
  11: "corrupt", // CORRUPT
  13: "full", // FULL
  14: "io", // CANTOPEN
  26: "corrupt", // NOTADB
} as const satisfies Record<number, StoreError["code"]>;

/** SQLITE_IOERR_SHMSIZE: the index of the log, which processes share, does not fit on the disk. */
const NO_ROOM_FOR_INDEX = 4874;

/** Thrown by SQLite where there is no room for what readers share. */
export function isWithoutRoom(error: unknown): boolean {
  return error instanceof Error && (error as Error & { errcode?: number }).errcode === NO_ROOM_FOR_INDEX;
}

/** What a person can do about a damaged or foreign state file. */
export const START_AFRESH = "move the file away (with its -wal and -shm) to start afresh; the runs in it are lost";

const ADVICE = {
  full: "free some space there, then go on with 'muster resume'",
  corrupt: `save what is whole with 'muster doctor --repair', or restore it from a copy, or ${START_AFRESH}`,
  busy: "another process is writing to it; try again, and look for a stuck 'muster' process if it stays so",
  io: "check that the file and its folder can be read and written, then go on with 'muster resume'",
} as const;

/** A StoreError with file, reason and the way on. */
export function storeError(code: keyof typeof ADVICE, path: string, reason: string, cause?: unknown): StoreError {
  return new StoreError(code, `the state in ${path} ${VERB[code]}: ${reason}; ${ADVICE[code]}`, { cause });
}

const VERB = {
  full: "cannot be written, the disk is full",
  corrupt: "is damaged",
  busy: "is locked",
  io: "cannot be used",
} as const;

/**
 * Gives anything thrown by SQLite or the file system its place: StoreError for what the world did, the rest is a bug.
 * `path` is the file that was worked on.
 */
export function toStoreError(error: unknown, path: string): Error {
  if (error instanceof StoreError || error instanceof LeaseLostError || error instanceof InternalError) return error;
  if (!(error instanceof Error)) return new InternalError(`the store threw ${String(error)}`);
  if (error instanceof DamagedRow) return storeError("corrupt", path, error.message, error);
  const { code, errcode, syscall } = error as Error & { code?: string; errcode?: number; syscall?: string };
  if (code === "ERR_SQLITE_ERROR" && errcode !== undefined) {
    if (isWithoutRoom(error)) return storeError("full", path, error.message, error);
    const kind = PRIMARY[(errcode & 0xff) as keyof typeof PRIMARY] ?? (isForeignSchema(error) ? "corrupt" : undefined);
    return kind === undefined ? bug(error) : storeError(kind, path, error.message, error);
  }
  // An integer that no JavaScript number holds: never written by us.
  if (code === "ERR_OUT_OF_RANGE") return storeError("corrupt", path, error.message, error);
  if (syscall !== undefined) {
    const full = code === "ENOSPC" || code === "EDQUOT";
    return storeError(full ? "full" : "io", path, error.message, error);
  }
  return bug(error);
}

/** SQLITE_ERROR is a mistake of ours, unless the file lacks what every state file has. */
function isForeignSchema({ message }: Error): boolean {
  return /no such (?:table|column|index)|has no column|malformed database schema/.test(message);
}

function bug(error: Error): InternalError {
  return new InternalError(`the store failed: ${error.message}`, { cause: error });
}
