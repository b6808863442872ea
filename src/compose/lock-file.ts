import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { emptyLock, extendLock, parseLock, renderLock, type Lock, type LockFile } from "../plan/lock.ts";
import { ok, type Result } from "../util/result.ts";

/** The lock in a file; an empty one where there is no file. The error is a sentence that stands behind its name. */
export function readLock(path: string): Result<LockFile, string> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? ok(emptyLock) : { ok: false, error: `cannot be read: ${message}` };
  }
  return parseLock(text);
}

/** Adds what was used to the lock, whole or not at all; true when there was anything to add. Throws the system's error. */
export function addToLock(path: string, used: Lock): boolean {
  const lock = readLock(path);
  const repositories = lock.ok ? extendLock(lock.value.repositories, used) : null;
  if (!lock.ok || repositories === null) return false;
  writeLock(path, { ...lock.value, repositories });
  return true;
}

/** Writes a lock file, whole or not at all. Throws the system's error. */
export function writeLock(path: string, lock: LockFile): void {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, renderLock(lock), { flush: true });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
