import { isJsonObject, readJson, type Json } from "../util/json.ts";
import { err, ok, type Result } from "../util/result.ts";
import type { Effect } from "./effect.ts";
import type { PinnedServers, PinnedTool } from "./mcp-server.ts";

/** The name of the lock file, in the root of the project. */
export const LOCK_FILE = "muster.lock";

/** The files of other repositories that workflows use: by `owner/repo@SHA`, then by path, the SHA-256 of each. */
export type Lock = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** All that a lock file says. */
export interface LockFile {
  readonly repositories: Lock;
  readonly servers: PinnedServers;
}

/** What a lock may come to while a manifest is compiled. */
export interface LockState {
  readonly lock: LockFile;
  /** Nothing may be added: what is not in it is an error. */
  readonly isFrozen: boolean;
}

/** The version of the file's form. History: 1 = the first. */
const VERSION = 1;

/** What is said where there is no lock file. */
export const emptyLock: LockFile = { repositories: new Map(), servers: new Map() };

/** Reads a lock file. The error is a sentence that stands behind its name. */
export function parseLock(text: string): Result<LockFile, string> {
  const value = readJson(text);
  if (!value.ok) return err(/^(?:<<<<<<<|>>>>>>>)/m.test(text) ? "has an unresolved merge conflict" : "is not JSON");
  const { value: root } = value;
  if (!isJsonObject(root) || root["version"] === undefined) return err("has no version");
  if (root["version"] !== VERSION)
    return err(`has version ${JSON.stringify(root["version"])}, and this muster reads 1`);
  const { repositories = {}, mcp = {} } = root;
  if (!isJsonObject(repositories)) return err("has no map of repositories");
  const lock = new Map<string, ReadonlyMap<string, string>>();
  for (const [name, files] of Object.entries(repositories)) {
    if (!isJsonObject(files) || !Object.values(files).every(isDigest)) return err(`has no digests under '${name}'`);
    lock.set(name, new Map(Object.entries(files) as [string, string][]));
  }
  if (!isJsonObject(mcp)) return err("has no map of MCP servers");
  const servers = new Map<string, readonly PinnedTool[]>();
  for (const [name, tools] of Object.entries(mcp)) {
    const pinned = isJsonObject(tools) ? Object.entries(tools).map(([tool, said]) => pinnedTool(tool, said)) : [null];
    if (!pinned.every((tool) => tool !== null)) return err(`has no tools under '${name}'`);
    servers.set(name, pinned);
  }
  return ok({ repositories: lock, servers });
}

/** The text of a lock file: sorted, so that branches that add to it merge well; what no eye can see is written out. */
export function renderLock({ repositories, servers }: LockFile): string {
  const root = {
    version: VERSION,
    repositories: Object.fromEntries(
      sorted(repositories).map(([name, files]) => [name, Object.fromEntries(sorted(files))]),
    ),
    ...(servers.size === 0
      ? {}
      : { mcp: Object.fromEntries(sorted(servers).map(([name, tools]) => [name, writtenTools(tools)])) }),
  };
  return `${JSON.stringify(root, null, 2).replace(INVISIBLE, escaped)}\n`;
}

/** Signs that a person who looks at a change would not see. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}|\p{Cf}|\p{Co}|\p{Zl}|\p{Zp}|\u00a0/gu;

function escaped(sign: string): string {
  return Array.from({ length: sign.length }, (_, i) => `\\u${sign.charCodeAt(i).toString(16).padStart(4, "0")}`).join(
    "",
  );
}

function sorted<Value>(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function writtenTools(tools: readonly PinnedTool[]): { readonly [name: string]: Json } {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  return Object.fromEntries(
    sorted(byName).map(([name, { effect, description, inputSchema }]) => [
      name,
      { effect, description, input_schema: inputSchema },
    ]),
  );
}

const effects: readonly Json[] = ["none", "idempotent", "unsafe"] satisfies readonly Effect[];

function pinnedTool(name: string, said: Json): PinnedTool | null {
  if (!isJsonObject(said)) return null;
  const { description, effect = null, input_schema: inputSchema = null } = said;
  if (typeof description !== "string" || !effects.includes(effect) || !isJsonObject(inputSchema)) return null;
  return { name, description, inputSchema, effect: effect as Effect };
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
