import type { LeaseOwner } from "./store.ts";

/** An owner that we cannot look at is taken for dead when it has not renewed its lease for so long. */
export const SILENT_AFTER_MS = 15_000;

/** What can be seen of processes from here. */
export interface Observer {
  /** The name of this host. */
  readonly host: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** When the process started, as the system gives it; null = it lives, but that is not known; `gone` = no such process. */
  processStartOf(pid: number): string | null | "gone";
}

/**
 * Whether a lease may be taken from this owner. On its own host a process is looked at: a later process with the
 * same pid is told by its start. What cannot be looked at (another host, a system without start times) counts by silence.
 */
export function ownerIsDead(owner: LeaseOwner, observer: Observer): boolean {
  const silent = observer.now - owner.renewedAt > SILENT_AFTER_MS;
  if (owner.host !== observer.host) return silent;
  const start = observer.processStartOf(owner.pid);
  if (start === "gone") return true;
  if (start === null || owner.processStart === null) return silent;
  return start !== owner.processStart;
}
