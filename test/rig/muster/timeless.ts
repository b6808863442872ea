import type { Report } from "./project.ts";

/** A report without what differs from one run to the next: its name, times, and what was reused. */
export function timeless(report: Report): unknown {
  const volatile = new Set(["run_id", "started_at", "finished_at", "duration_ms", "reused"]);
  return JSON.parse(JSON.stringify(report, (name, value: unknown) => (volatile.has(name) ? undefined : value)));
}
