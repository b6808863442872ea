import { accessSync, constants, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readProcess } from "./process-table.ts";
import { sendSignal } from "./process-tree.ts";
import type { ResourceLimits } from "./resource-watch.ts";

/** What a group may have beside what it is for: the shell that enters it, and the sandbox around it. */
const OWN_TASKS = 8;
/** For how long what is left in a group is killed before it is given up, and how often it is looked at. */
const CLOSE_FOR_MS = 2_000;
const CLOSE_EVERY_MS = 20;

/** A control group of the kernel for one tree of processes: nobody in it leaves it, whatever it does. */
export interface Cage {
  /** What to start in place of a program, so that it is in the group before it does anything. */
  enter(argv: readonly string[]): readonly string[];
  /** What the tree wanted too much of, as the end of a sentence; null = nothing so far. */
  exceeded(): string | null;
  /** Ends what is left in the group, and takes it away. */
  close(): Promise<void>;
}

/** Makes control groups. */
export interface Cages {
  /** For people: `cgroup v1`, `cgroup v2`. */
  readonly name: string;
  /** null = the kernel does not let us make one after all. */
  make(limits: Pick<ResourceLimits, "memoryBytes" | "processes">): Cage | null;
}

/** The files of one version of control groups (docs.kernel.org/admin-guide/cgroup-v1, cgroup-v2; 2026-11). */
interface Version {
  readonly name: string;
  /** The folders in which groups are made: one for all, or one for each kind of limit. */
  readonly folders: { readonly memory: string; readonly pids: string };
  readonly memoryFile: string;
  /** Where a count of what went wrong stands, and its name there. */
  readonly memoryEvents: readonly [file: string, name: string];
}

/** Control groups for memory and processes, if this process may make some; null = not. `ownPid` names ours. */
export function findCages(ownPid: number): Cages | null {
  const version = findVersion();
  if (version === null) return null;
  removeStale(version);
  let number = 0;
  return {
    name: version.name,
    make: (limits) => makeCage(version, `muster-${ownPid}-${(number += 1)}`, limits),
  };
}

function findVersion(): Version | null {
  const own = new Map<string, string>();
  for (const line of read("/proc/self/cgroup").split("\n")) {
    const [, controllers = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    for (const each of controllers.split(",")) own.set(each, path);
  }
  const mounts = read("/proc/self/mountinfo").split("\n").flatMap(mountOf);
  const folderOf = (controller: string): string | null => {
    const mount = mounts.find(({ type, options }) => type === "cgroup" && options.includes(controller));
    const path = own.get(controller);
    if (mount === undefined || path === undefined) return null;
    return join(mount.point, path.startsWith(mount.root) ? path.slice(mount.root.length) : path);
  };
  const [memory, pids] = [folderOf("memory"), folderOf("pids")];
  if (memory !== null && pids !== null) {
    const folders = { memory, pids };
    const v1 = { memoryFile: "memory.limit_in_bytes", memoryEvents: ["memory.oom_control", "oom_kill"] } as const;
    return isWritable(memory) && isWritable(pids) ? { name: "cgroup v1", folders, ...v1 } : null;
  }
  const unified = mounts.find(({ type }) => type === "cgroup2");
  const path = own.get("");
  if (unified === undefined || path === undefined) return null;
  const start = join(unified.point, path.startsWith(unified.root) ? path.slice(unified.root.length) : path);
  const folder = delegated(start, unified.point);
  if (folder === null) return null;
  const v2 = { memoryFile: "memory.max", memoryEvents: ["memory.events", "oom_kill"] } as const;
  return { name: "cgroup v2", folders: { memory: folder, pids: folder }, ...v2 };
}

/** The nearest group around ours that gives its children limits of both kinds, and in which we may make some. */
function delegated(start: string, top: string): string | null {
  for (let folder = start; folder.startsWith(top); folder = join(folder, "..")) {
    const given = read(join(folder, "cgroup.subtree_control")).trim().split(" ");
    if (given.includes("memory") && given.includes("pids") && isWritable(folder)) return folder;
    if (folder === top || folder === "/") return null;
  }
  return null;
}

function makeCage(
  { folders, memoryFile, memoryEvents }: Version,
  name: string,
  { memoryBytes, processes }: Pick<ResourceLimits, "memoryBytes" | "processes">,
): Cage | null {
  const [memory, pids] = [join(folders.memory, name), join(folders.pids, name)];
  const both = [...new Set([memory, pids])];
  try {
    for (const folder of both) mkdirSync(folder);
    writeFileSync(join(memory, memoryFile), String(memoryBytes));
    writeFileSync(join(pids, "pids.max"), String(processes + OWN_TASKS));
  } catch {
    both.forEach(remove);
    return null;
  }
  // Without swap where that is counted: else it would only become slow.
  for (const [file, value] of [
    ["memory.swap.max", "0"],
    ["memory.memsw.limit_in_bytes", String(memoryBytes)],
  ] as const)
    write(join(memory, file), value);
  return {
    enter: (argv) => ["/bin/sh", "-c", ENTER, "sh", String(both.length), ...both, ...argv],
    exceeded() {
      if (countIn(join(pids, "pids.events"), "max") > 0) return `ended: more than ${processes} processes`;
      const [file, event] = memoryEvents;
      if (countIn(join(memory, file), event) === 0) return null;
      return `ended: more than ${Math.round(memoryBytes / 1024 ** 2)} MiB of memory`;
    },
    async close() {
      const giveUpAtMs = performance.now() + CLOSE_FOR_MS;
      while (!both.every(remove) && performance.now() < giveUpAtMs) {
        for (const folder of both) for (const pid of pidsIn(folder)) sendSignal(pid, "SIGKILL");
        await delay(CLOSE_EVERY_MS);
      }
    },
  };
}

/** `0` is who writes it. A program that cannot be shut in is not started. */
const ENTER = `n=$1; shift; while [ "$n" -gt 0 ]; do echo 0 > "$1/cgroup.procs" || exit 125; shift; n=$((n-1)); done; exec "$@"`;

/** Groups that runners left behind which were killed: named after a process that there is not any more, and empty. */
function removeStale({ folders }: Version): void {
  for (const folder of new Set([folders.memory, folders.pids])) {
    for (const name of listed(folder)) {
      const [, pid] = /^muster-(\d+)-\d+$/.exec(name) ?? [];
      if (pid !== undefined && readProcess(Number(pid)) === null) remove(join(folder, name));
    }
  }
}

function mountOf(line: string): { root: string; point: string; type: string; options: readonly string[] }[] {
  const [before = "", after = ""] = line.split(" - ");
  const [, , , root = "", point = ""] = before.split(" ");
  const [type = "", , options = ""] = after.split(" ");
  if (!type.startsWith("cgroup")) return [];
  return [{ root: root === "/" ? "" : root, point, type, options: options.split(",") }];
}

function countIn(path: string, name: string): number {
  const [, count = "0"] = new RegExp(`^${name} (\\d+)$`, "m").exec(read(path)) ?? [];
  return Number(count);
}

/** Those that this process can name: 0 is one of another name space. */
function pidsIn(folder: string): readonly number[] {
  return read(join(folder, "cgroup.procs"))
    .split("\n")
    .map(Number)
    .filter((pid) => pid > 1);
}

/** True when it is gone. */
function remove(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: "r+" });
  } catch {
    // The kernel does not count that.
  }
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
