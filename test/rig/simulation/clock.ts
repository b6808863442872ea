import type { FakeClock } from "../clock.ts";

/** A virtual clock whose time of day can jump while its monotonic time goes on. */
export interface SimulatedClock extends FakeClock {
  /** The time of day moves by so many milliseconds, as when it is set, or when the machine had stood still: no timer fires for it. */
  jump(ms: number): void;
  /** Something happened: nobody waits for what never comes. */
  progress(): void;
  /** The machine was asleep: both times move on, and timers that are due by then fire late. */
  sleep(ms: number): void;
}

/** 2026-01-01T00:00:00Z. */
const START_MS = Date.UTC(2026, 0, 1);

/** Rounds of the event loop in which nobody asked the clock for anything: then everything waits for time to pass. */
const QUIET_ROUNDS = 3;

/** Timers in a row between which nothing else happened: whoever waits still waits for what will never come. */
const MOST_IDLE_TICKS = 60_000;

interface Timer {
  readonly dueMs: number;
  readonly number: number;
  readonly callback: () => void;
}

/**
 * Jumps to the next timer once the event loop has nothing left to do; timers of one instant fire in the order in which
 * they were set. `onStuck` is told when timers go round without an end.
 */
export function createSimulatedClock(onStuck: () => void): SimulatedClock {
  let monotonicMs = 0;
  let offsetMs = START_MS;
  let quietRounds = 0;
  let isTicking = false;
  let number = 0;
  let ticks = 0;
  const timers = new Set<Timer>();

  const tick = (): void => {
    isTicking = false;
    if (timers.size === 0) return;
    quietRounds += 1;
    if (quietRounds > QUIET_ROUNDS) fire();
    schedule();
  };
  const fire = (): void => {
    quietRounds = 0;
    ticks += 1;
    if (ticks > MOST_IDLE_TICKS) {
      timers.clear();
      onStuck();
      return;
    }
    let next = Number.POSITIVE_INFINITY;
    for (const { dueMs } of timers) if (dueMs < next) next = dueMs;
    monotonicMs = Math.max(monotonicMs, next);
    const due = [...timers]
      .filter(({ dueMs }) => dueMs <= monotonicMs)
      .sort((a, b) => a.dueMs - b.dueMs || a.number - b.number);
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
    return monotonicMs;
  };
  return {
    now: () => read() + offsetMs,
    monotonic: read,
    after(delayMs, callback) {
      const timer = { dueMs: read() + Math.max(0, delayMs), number: (number += 1), callback };
      timers.add(timer);
      schedule();
      return () => void timers.delete(timer);
    },
    jump: (ms) => void (offsetMs += ms),
    progress: () => void (ticks = 0),
    sleep: (ms) => void (monotonicMs += ms),
    // Nothing real is ever at work.
    hold: () => () => {},
  };
}
