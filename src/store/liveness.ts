import type { LeaseOwner } from "./store.ts";

/** An owner is taken for dead when it has not renewed its lease for so long. A live one renews it every 5 s. */
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
 * Whether a lease may be taken from this owner: it has ended, or it has not given a sign of life for too long. On its
 * own host a process is looked at, and a later one with the same pid is told by its start; elsewhere silence decides.
 * An owner that is only paused and wakes up can write nothing more: its lease is fenced.
 */
export function ownerIsDead(owner: LeaseOwner, observer: Observer): boolean {
  if (observer.now - owner.renewedAt > SILENT_AFTER_MS) return true;
  if (owner.host !== observer.host) return false;
  const start = observer.processStartOf(owner.pid);
  if (start === "gone") return true;
  return start !== null && owner.processStart !== null && start !== owner.processStart;
}
