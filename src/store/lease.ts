/** Who runs a run. */
export interface LeaseOwner {
  readonly host: string;
  readonly pid: number;
  /** Tells a process from a later one with the same pid: its start time as the system gives it; null = unknown. */
  readonly processStart: string | null;
  /** When the lease was last renewed; milliseconds since 1970. */
  readonly renewedAt: number;
}

/** The right to write to a run, fenced: a later lease makes every write of an earlier one fail. */
export interface Lease {
  readonly runId: string;
  readonly epoch: number;
}
