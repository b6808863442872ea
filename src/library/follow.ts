import type { LocalRun } from "../engine/local/run.ts";
import type { RunOutcome } from "../engine/local/run-outcome.ts";

/** Waits for the end of a run; an abort lets what is in flight end within `limits.grace`, and the run can be resumed. */
export async function follow(run: LocalRun, signal: AbortSignal | undefined): Promise<RunOutcome> {
  const interrupt = (): void => run.interrupt();
  if (signal?.aborted === true) interrupt();
  signal?.addEventListener("abort", interrupt, { once: true });
  return await run.done.finally(() => signal?.removeEventListener("abort", interrupt));
}
