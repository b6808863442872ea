import { mayTake } from "../compose.ts";
import type { RunStatus, RunSummary } from "../store/store.ts";
import { systemClock } from "../util/clock.ts";

/** How a run stands: one that says `running` under an owner that died is interrupted. */
export function standing(summary: Pick<RunSummary, "status" | "lease">): RunStatus {
  if (summary.status !== "running") return summary.status;
  return summary.lease === null || mayTake(systemClock)(summary.lease) ? "interrupted" : "running";
}
