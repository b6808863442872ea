import { RequestError } from "../../../library/request-error.ts";
import type { Report } from "../../../library/report.ts";
import { openForReading } from "../../find-run.ts";
import { readStoredRun } from "../../stored-run.ts";
import { standing } from "../../standing.ts";
import type { McpHost } from "../host.ts";
import { waitsOf } from "../short-report.ts";

/** What an agent, or a turn of a session, that was started as a run has come to. */
export type Ending = { readonly [key: string]: unknown };

/** Waits so long for the end of a run of this server (milliseconds), and tells how it stands then, wherever it runs. */
export async function endingOf(host: McpHost, runId: string, ms: number, signal: AbortSignal): Promise<Ending> {
  const end = await host.runs.wait(runId, ms, signal);
  if (end !== null && !end.ok) throw new RequestError(end.problems);
  const report = end?.report ?? storedReport(host, runId);
  if (report === null) return { id: runId, status: "running" };
  const { status, outputs, error, usage, cost_usd } = report;
  const waits = status === "waiting" ? waitsOf(host, runId) : [];
  return {
    id: runId,
    status,
    ...(outputs === null ? {} : { output: Object.values(outputs)[0] ?? null }),
    ...(error === null ? {} : { error }),
    ...(waits.length === 0 ? {} : { waits_for: waits }),
    usage,
    cost_usd,
  };
}

/** null = it goes on, or has not begun. */
function storedReport(host: McpHost, runId: string): Report | null {
  const store = openForReading(host.project);
  try {
    const summary = store.findRun(runId);
    if (summary === null || standing(summary) === "running") return null;
    return readStoredRun(store, summary, host.project).report() as unknown as Report;
  } finally {
    store.close();
  }
}
