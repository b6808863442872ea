import { isJsonObject, readJson, type Json } from "../util/json.ts";
import { err, ok, type Result } from "../util/result.ts";

/** The name of the lock file, in the root of the project. */
export const LOCK_FILE = "muster.lock";

/** The files of other repositories that workflows use: by `owner/repo@SHA`, then by path, the SHA-256 of each. */
export type Lock = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What a lock may come to while a manifest is compiled. */
export interface LockState {
  readonly lock: Lock;
  /** Nothing may be added: what is not in it is an error. */
  readonly isFrozen: boolean;
}

/** The version of the file's form. History: 1 = the first. */
const VERSION = 1;

/** Reads a lock file. The error is a sentence that stands behind its name. */
export function parseLock(text: string): Result<Lock, string> {
  const value = readJson(text);
  if (!value.ok) return err(/^(?:<<<<<<<|>>>>>>>)/m.test(text) ? "has an unresolved merge conflict" : "is not JSON");
  const { value: root } = value;
  if (!isJsonObject(root) || root["version"] === undefined) return err("has no version");
  if (root["version"] !== VERSION)
    return err(`has version ${JSON.stringify(root["version"])}, and this muster reads 1`);
  const { repositories = {} } = root;
  if (!isJsonObject(repositories)) return err("has no map of repositories");
  const lock = new Map<string, ReadonlyMap<string, string>>();
  for (const [name, files] of Object.entries(repositories)) {
    if (!isJsonObject(files) || !Object.values(files).every(isDigest)) return err(`has no digests under '${name}'`);
    lock.set(name, new Map(Object.entries(files) as [string, string][]));
  }
  return ok(lock);
}

/** The text of a lock file: sorted, so that branches that add to it merge well. */
export function renderLock(lock: Lock): string {
  const sorted = <Value>(map: ReadonlyMap<string, Value>): [string, Value][] =>
    [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const repositories = Object.fromEntries(
    sorted(lock).map(([name, files]) => [name, Object.fromEntries(sorted(files))]),
  );
  return `${JSON.stringify({ version: VERSION, repositories }, null, 2)}\n`;
}

/** Both together; null when the first has all of the second. Where they differ the first holds. */
export function extendLock(lock: Lock, used: Lock): Lock | null {
  const all = new Map(lock);
  let isLonger = false;
  for (const [name, files] of used) {
    const known = all.get(name) ?? new Map<string, string>();
    const added = [...files].filter(([path]) => !known.has(path));
    if (added.length === 0) continue;
    isLonger = true;
    all.set(name, new Map([...known, ...added]));
  }
  return isLonger ? all : null;
}

function isDigest(value: Json): boolean {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}
