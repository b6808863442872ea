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
