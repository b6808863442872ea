import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { extendLock, parseLock, renderLock, type Lock } from "../plan/lock.ts";
import { ok, type Result } from "../util/result.ts";

/** The lock in a file; an empty one where there is no file. The error is a sentence that stands behind its name. */
export function readLock(path: string): Result<Lock, string> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? ok(new Map()) : { ok: false, error: `cannot be read: ${message}` };
  }
  return parseLock(text);
}

/** Adds what was used to the lock, whole or not at all; true when there was anything to add. Throws the system's error. */
export function addToLock(path: string, used: Lock): boolean {
  const lock = readLock(path);
  const all = lock.ok ? extendLock(lock.value, used) : null;
  if (all === null) return false;
  const draft = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, renderLock(all), { flush: true });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  return true;
}
