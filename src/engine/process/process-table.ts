import { readdirSync, readFileSync } from "node:fs";

/** A process as Linux shows it. A pid alone is reused; a pid with its start is not. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  /** Clock ticks since boot: field 22 of /proc/PID/stat, https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
  readonly startTicks: number;
  /** False for a zombie: it has ended, but its parent has not asked for its exit code yet. */
  readonly isAlive: boolean;
}

/** All processes. Empty where there is no /proc (macOS). */
export function readProcessTable(): readonly ProcessEntry[] {
  return listFolder("/proc").flatMap((name) => {
    const entry = /^\d+$/.test(name) ? readProcess(Number(name)) : null;
    return entry === null ? [] : [entry];
  });
}

/** One process; null when it is gone, or there is no /proc. */
export function readProcess(pid: number): ProcessEntry | null {
  const stat = readBytes(`/proc/${pid}/stat`)?.toString("latin1");
  if (stat === undefined) return null;
  // The second field, the program's name in parentheses, may itself hold spaces and parentheses.
  const [state, parentPid, groupId, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return {
    pid,
    parentPid: Number(parentPid),
    groupId: Number(groupId),
    startTicks: Number(rest[16]),
    isAlive: state !== "Z" && state !== "X",
  };
}

/** True when the environment that the process was started with holds this text; false when it may not be read. */
export function environmentHolds(pid: number, text: string): boolean {
  return readBytes(`/proc/${pid}/environ`)?.includes(text) ?? false;
}

/** True when the environment that the process was started with has all these entries (`NAME=VALUE`). */
export function environmentHasEntries(pid: number, entries: readonly string[]): boolean {
  const environment = readBytes(`/proc/${pid}/environ`);
  if (environment === undefined) return false;
  const bounded = Buffer.concat([Buffer.of(0), environment]);
  return entries.every((entry) => bounded.includes(`\0${entry}\0`));
}

/** The value of a variable in the environment that the process was started with; null when it has none, or may not be read. */
export function environmentEntry(pid: number, name: string): string | null {
  const entries = readBytes(`/proc/${pid}/environ`)?.toString("utf8").split("\0") ?? [];
  const entry = entries.find((each) => each.startsWith(`${name}=`));
  return entry === undefined ? null : entry.slice(name.length + 1);
}

function listFolder(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function readBytes(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined; // the process ended meanwhile, or belongs to somebody else
  }
}
