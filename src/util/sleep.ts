import type { Clock } from "./clock.ts";

/** Waits so long; true when the time is over, false when the signal cut it short. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isOver: boolean): void => {
      signal.removeEventListener("abort", stop);
      cancel();
      resolve(isOver);
    };
    const stop = (): void => end(false);
    const cancel = clock.after(Math.max(0, ms), () => end(true));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/** The time of day may be set while somebody waits for it: nobody waits longer without looking again. */
const LOOK_AGAIN_MS = 60_000;

/** Waits until a time of day, milliseconds since 1970, also when the clock is set meanwhile; false when the signal cut it short. */
export async function sleepUntil(clock: Clock, at: number, signal: AbortSignal): Promise<boolean> {
  do {
    const leftMs = at - clock.now();
    if (!(await sleep(clock, Math.min(leftMs, LOOK_AGAIN_MS), signal))) return false;
  } while (clock.now() < at);
  return true;
}
