import type { Report } from "../../library/report.ts";
import { findRun, openForReading } from "../find-run.ts";
import { openWaits, placeOf } from "../open-wait.ts";
import { standing } from "../standing.ts";
import type { McpHost } from "./host.ts";
import { typedLabel } from "../../run/attempt-key.ts";

/** What a run waits for, and how a person goes on with it: never something that a tool can do. */
export interface Waiting {
  readonly for: string;
  readonly step: string;
  readonly message: string;
  readonly a_person_answers_with: string;
}

/** What somebody who had it run wants to know first; `show_run` has the rest. `report` null = it still runs. */
export function shortReport(host: McpHost, runId: string, report: Report | null): { readonly [key: string]: unknown } {
  if (report === null) return { run_id: runId, status: "running", hint: "ask show_run for it; it goes on by itself" };
  const { status, outputs, error, usage, cost_usd, duration_ms, simulated } = report;
  const steps = Object.entries(report.steps).map(([path, step]) => [
    path,
    { status: step.status, ...(step.error === null ? {} : { error: step.error }) },
  ]);
  return {
    run_id: runId,
    status,
    ...(simulated ? { simulated } : {}),
    outputs,
    error,
    ...(status === "waiting" ? { waits_for: waitsOf(host, runId) } : {}),
    ...(status === "interrupted" ? { hint: `a person goes on with it: muster resume ${runId}` } : {}),
    usage,
    cost_usd,
    duration_ms,
    steps: Object.fromEntries(steps) as { readonly [path: string]: unknown },
  };
}

/** What a run waits for, as the state has it; empty for one that is over. */
export function waitsOf({ project }: McpHost, runId: string): readonly Waiting[] {
  const store = openForReading(project);
  try {
    const summary = findRun(store, runId);
    if (["succeeded", "failed", "cancelled"].includes(standing(summary))) return [];
    return openWaits(store, summary.runId).map((wait) => {
      const place = placeOf(wait);
      return {
        for: wait.kind,
        step: place,
        message: wait.message,
        a_person_answers_with:
          wait.kind === "approval"
            ? `muster approve ${runId} ${typedLabel(place)} (or muster reject), then muster resume ${runId}`
            : `muster resume ${runId}, with what it waits for`,
      };
    });
  } finally {
    store.close();
  }
}
