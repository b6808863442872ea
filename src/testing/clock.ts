import type { Clock } from "../util/clock.ts";

/** A clock that moves by itself, but only when nothing else can: waiting takes no time, and its order is certain. */
export interface VirtualClock extends Clock {
  /** Time stands while something real (a process) is at work; the returned function ends that. */
  hold(): () => void;
}

/** 2026-01-01T00:00:00Z: where virtual time starts. */
export const VIRTUAL_START_MS = Date.UTC(2026, 0, 1);

/** Rounds of the event loop in which nobody asked the clock for anything: then everything waits for time to pass. */
const QUIET_ROUNDS = 3;

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/**
 * A virtual clock at `VIRTUAL_START_MS`. It jumps to the next timer once the event loop has nothing left to do; timers of
 * one instant fire in the order in which they were set.
 */
export function createVirtualClock(): VirtualClock {
  let nowMs = VIRTUAL_START_MS;
  let quietRounds = 0;
  let holds = 0;
  let isTicking = false;
  const timers = new Set<Timer>();

  const tick = (): void => {
    isTicking = false;
    if (timers.size === 0) return;
    quietRounds += 1;
    if (holds === 0 && quietRounds > QUIET_ROUNDS) jump();
    schedule();
  };
  const jump = (): void => {
    quietRounds = 0;
    nowMs = Math.max(nowMs, Math.min(...[...timers].map(({ dueMs }) => dueMs)));
    const due = [...timers].filter(({ dueMs }) => dueMs <= nowMs);
    // One that fires may cancel another of the same instant.
    for (const timer of due) if (timers.delete(timer)) timer.callback();
  };
  const schedule = (): void => {
    if (isTicking || timers.size === 0) return;
    isTicking = true;
    setImmediate(tick);
  };
  const read = (): number => {
    quietRounds = 0;
    return nowMs;
  };

  return {
    now: read,
    monotonic: () => read() - VIRTUAL_START_MS,
    after(delayMs, callback) {
      const timer = { dueMs: read() + Math.max(0, delayMs), callback };
      timers.add(timer);
      schedule();
      return () => void timers.delete(timer);
    },
    hold() {
      holds += 1;
      return () => {
        holds -= 1;
        quietRounds = 0;
      };
    },
  };
}
