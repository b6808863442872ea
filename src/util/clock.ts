/** The only source of time: real in the command, virtual in tests. All figures are milliseconds. */
export interface Clock {
  /** Wall clock: milliseconds since 1970-01-01 UTC. May jump. */
  now(): number;
  /** Monotonic milliseconds from an arbitrary start, for durations. */
  monotonic(): number;
  /**
   * Calls back once after `delayMs` (0 = soon, never in the same turn).
   * Returns a function that cancels it; cancelling twice is harmless.
   */
  after(delayMs: number, callback: () => void): () => void;
}

/** setTimeout fires at once above this delay, so longer waits are made of pieces. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    let timer: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      const pieceMs = Math.min(leftMs, LONGEST_TIMER_MS);
      timer = setTimeout(() => (leftMs > pieceMs ? arm(leftMs - pieceMs) : callback()), pieceMs);
    };
    arm(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};
