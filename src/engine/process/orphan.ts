import { setTimeout as delay } from "node:timers/promises";
import { environmentHasEntries, readProcessTable, type ProcessEntry } from "./process-table.ts";

/** How often the programs are looked at while they are being stopped. */
const POLL_MS = 20;
/** From SIGTERM to SIGKILL, and for how long SIGKILL is repeated. */
const GRACE_MS = 2_000;
const KILL_FOR_MS = 2_000;

/** The process that looks: `process`. */
export interface Host {
  readonly pid: number;
  readonly kill: (pid: number, signal: "SIGTERM" | "SIGKILL") => unknown;
}

/**
 * Stops what a dead runner left behind: every process whose environment has all these entries (`NAME=VALUE`), and
 * what came of it. SIGTERM, and SIGKILL for those that are left after two seconds. This process and those that it came
 * from are spared. Answers how many programs there were, children not counted; 0 where there is no /proc to find them.
 */
export async function stopOrphans(entries: readonly string[], host: Host): Promise<number> {
  const members = new Map<number, number>();
  const first = findOrphans(entries, members, host.pid);
  if (first.length === 0) return 0;
  const found = new Set(first.map(({ pid }) => pid));
  const programs = first.filter(({ parentPid }) => !found.has(parentPid)).length;
  send(host, first, "SIGTERM");
  const killAtMs = performance.now() + GRACE_MS;
  for (;;) {
    await delay(POLL_MS);
    const left = findOrphans(entries, members, host.pid);
    const now = performance.now();
    // A process that hangs in the kernel is deaf even to SIGKILL.
    if (left.length === 0 || now > killAtMs + KILL_FOR_MS) return programs;
    if (now >= killAtMs) send(host, left, "SIGKILL");
  }
}

/** Those that are alive; `members` (start by pid) keeps whom a look before found, for its parent may be gone now. */
function findOrphans(
  entries: readonly string[],
  members: Map<number, number>,
  ownPid: number,
): readonly ProcessEntry[] {
  const table = readProcessTable().filter(({ isAlive }) => isAlive);
  const spared = withAncestors(ownPid, table);
  const others = table.filter(({ pid }) => !spared.has(pid));
  const childrenOf = Map.groupBy(others, ({ parentPid }) => parentPid);
  const found = new Set(
    others.filter(({ pid, startTicks }) => members.get(pid) === startTicks || environmentHasEntries(pid, entries)),
  );
  // A set that grows while it is walked: children of children are reached too.
  for (const parent of found) for (const child of childrenOf.get(parent.pid) ?? []) found.add(child);
  for (const { pid, startTicks } of found) members.set(pid, startTicks);
  return [...found];
}

function withAncestors(pid: number, table: readonly ProcessEntry[]): ReadonlySet<number> {
  const parentOf = new Map(table.map((entry) => [entry.pid, entry.parentPid]));
  const line = new Set<number>();
  for (let next: number | undefined = pid; next !== undefined && !line.has(next); next = parentOf.get(next))
    line.add(next);
  return line;
}

function send(host: Host, processes: readonly ProcessEntry[], signal: "SIGTERM" | "SIGKILL"): void {
  for (const { pid } of processes) {
    try {
      host.kill(pid, signal);
    } catch {
      // It ended meanwhile, or it changed its user.
    }
  }
}
