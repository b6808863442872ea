import { readFileSync } from "node:fs";
import type { Clock } from "../util/clock.ts";
import type { Observer } from "./liveness.ts";

/** Sends signal 0 to a process, as `process.kill` does: throws ESRCH when there is none, EPERM when it is another user's. */
export type Probe = (pid: number, signal: 0) => unknown;

/** Looks at the processes of this host: by `/proc` where there is one (Linux), else only whether they live. */
export function processObserver(options: { host: string; clock: Clock; probe: Probe }): Observer {
  return {
    host: options.host,
    get now() {
      return options.clock.now();
    },
    processStartOf: (pid) => (isAlive(pid, options.probe) ? readProcessStart(pid) : "gone"),
  };
}

function isAlive(pid: number, probe: Probe): boolean {
  try {
    probe(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Ticks since boot, beside the boot's id: two boots may give the same ticks. */
function readProcessStart(pid: number): string | null | "gone" {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // proc(5): `pid (name) state ppid ...`; the name may hold spaces and parentheses, so fields count from its end.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, start] = [fields[0], fields[19]];
    // A zombie has ended; only its parent has not asked for its exit code yet.
    if (state === "Z" || state === "X") return "gone";
    if (start === undefined) return null;
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()}/${start}`;
  } catch {
    return null;
  }
}
