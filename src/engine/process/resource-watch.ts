import { readFileSync } from "node:fs";
import { systemClock } from "../../util/clock.ts";
import { readProcessTable } from "./process-table.ts";

/** What a program may take, with all that it starts. */
export interface ResourceLimits {
  readonly memoryBytes: number;
  /** Of processor time. */
  readonly cpuMs: number;
  readonly processes: number;
}

const LOOK_MS = 100;
/** Of all Linux systems that Node.js runs on: `getconf PAGESIZE`, `getconf CLK_TCK`. */
const PAGE_BYTES = 4096;
const TICK_MS = 10;

/** What the kernel itself has counted, in a control group around the tree: see `Cage`. */
export interface Counted {
  exceeded(): string | null;
}

/**
 * Looks ten times a second at what a process and its descendants have taken, and tells once what is too much, as the end
 * of a sentence: at what `counted` says first. Answers how to end it. Sees nothing else where there is no /proc.
 */
export function watchResources(
  pid: number,
  limits: ResourceLimits,
  exceeded: (what: string) => void,
  counted: Counted | null = null,
): () => void {
  let stop = (): void => {};
  const look = (): void => {
    const what = tooMuch(pid, limits, counted);
    if (what === null) stop = systemClock.after(LOOK_MS, look);
    else exceeded(what);
  };
  stop = systemClock.after(LOOK_MS, look);
  return () => stop();
}

function tooMuch(pid: number, limits: ResourceLimits, counted: Counted | null): string | null {
  const told = counted?.exceeded() ?? null;
  if (told !== null) return told;
  const tree = descendantsOf(pid);
  if (tree.length > limits.processes) return `ended: more than ${limits.processes} processes`;
  let memoryBytes = 0;
  let cpuMs = 0;
  for (const each of tree) {
    memoryBytes += ownMemoryOf(each);
    cpuMs += cpuOf(each);
  }
  if (memoryBytes > limits.memoryBytes)
    return `ended: more than ${Math.round(limits.memoryBytes / 1024 ** 2)} MiB of memory`;
  return cpuMs > limits.cpuMs ? `ended: more than ${limits.cpuMs / 1000}s of processor time` : null;
}

function descendantsOf(pid: number): readonly number[] {
  const childrenOf = Map.groupBy(readProcessTable(), ({ parentPid }) => parentPid);
  const found = [pid];
  for (const parent of found) for (const child of childrenOf.get(parent) ?? []) found.push(child.pid);
  return found;
}

/** What no other process has a part in. */
function ownMemoryOf(pid: number): number {
  const [, resident = 0, shared = 0] = fieldsOf(`/proc/${pid}/statm`).map(Number);
  return (resident - shared) * PAGE_BYTES;
}

/** Of the process, and of its children that have ended. */
function cpuOf(pid: number): number {
  const stat = fieldsOf(`/proc/${pid}/stat`).join(" ");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * TICK_MS, 0);
}

function fieldsOf(path: string): readonly string[] {
  try {
    return readFileSync(path, "latin1").split(" ");
  } catch {
    return [];
  }
}
