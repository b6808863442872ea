import type { Report } from "../../library/report.ts";
import { RequestError } from "../../library/request-error.ts";

/** What a started run has come to: its report, or why it could not go on. */
export type RunEnd =
  | { readonly ok: true; readonly report: Report }
  | { readonly ok: false; readonly problems: readonly string[] };

/** The runs that this process carries out. A run goes on when nobody waits for it any more. */
export class LiveRuns {
  readonly #runs = new Map<string, { readonly end: Promise<RunEnd>; readonly stop: AbortController }>();

  /** Starts one; `begin` gets the signal that interrupts it. */
  start(runId: string, begin: (signal: AbortSignal) => Promise<Report>): void {
    const stop = new AbortController();
    const end = begin(stop.signal).then(
      (report): RunEnd => ({ ok: true, report }),
      (error: unknown): RunEnd => {
        if (error instanceof RequestError) return { ok: false, problems: error.problems };
        if (error instanceof Error && error.name === "StoreError") return { ok: false, problems: [error.message] };
        throw error;
      },
    );
    this.#runs.set(runId, { end, stop });
    const forget = (): void => void this.#runs.delete(runId);
    end.then(forget, forget);
  }

  /** Waits for its end, at most so long (milliseconds) and until the signal; null = it goes on, or is not one of these. */
  async wait(runId: string, ms: number, signal: AbortSignal): Promise<RunEnd | null> {
    const run = this.#runs.get(runId);
    if (run === undefined) return null;
    let timer: NodeJS.Timeout | undefined;
    let onAbort = (): void => {};
    const enough = new Promise<null>((resolve) => {
      onAbort = () => resolve(null);
      timer = setTimeout(onAbort, ms);
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
    return await Promise.race([run.end, enough]).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    });
  }

  /** Interrupts all of them; settles when they are saved. */
  async stopAll(): Promise<void> {
    const runs = [...this.#runs.values()];
    for (const { stop } of runs) stop.abort();
    await Promise.allSettled(runs.map(({ end }) => end));
  }
}
