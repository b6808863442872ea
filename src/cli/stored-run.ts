import { resolve } from "node:path";
import { readingTools, workspaceOf } from "../compose.ts";
import { failureOfRun, planOfRun, readRun } from "../engine/local/read-run.ts";
import { readValue } from "../engine/local/stored-value.ts";
import type { Frozen } from "../engine/local/surroundings.ts";
import type { Plan } from "../plan/types.ts";
import { budgetLines } from "../run/budget/line.ts";
import { report } from "../run/report.ts";
import { stopOpenSteps, waitInOpenSteps } from "../run/state.ts";
import type { ValueRef } from "../run/value-ref.ts";
import type { RunSummary, Store } from "../store/store.ts";
import { systemClock } from "../util/clock.ts";
import type { Json, JsonObject } from "../util/json.ts";
import type { Project } from "../util/project.ts";
import { exitCode, UsageError } from "./exit-code.ts";
import { standing } from "./standing.ts";

/** Reads a run from the state: how it stands, and its record. UsageError when it cannot be read. */
export function readStoredRun(store: Store, summary: RunSummary, project: Project) {
  const plan = planOfRun(store, summary.runId);
  if (plan === null)
    throw new UsageError(
      `run ${summary.runId} was created, but its runner stopped before anything began: 'muster resume ${summary.runId}'`,
    );
  // What has no time of its own on the record (a value) gets the run's last, not the time of this look at it.
  const clock = { ...systemClock, now: () => summary.updatedAt };
  const frozen = summary.frozen as unknown as Frozen;
  const simulated = frozen.choice["simulated"] === true;
  const tools = readingTools(workspaceOf(resolve(project.root, summary.manifestPath), project), simulated);
  const told = readRun(summary, plan, { store, ...tools, clock });
  if (!told.ok) throw new UsageError(told.error.message, exitCode.runFailed);
  const status = standing(summary);
  const { record, ending, facts } = told.value;
  if (status === "cancelled" || status === "failed") stopOpenSteps(record);
  if (status === "waiting") waitInOpenSteps(record);
  const end = {
    status,
    finishedAt: summary.updatedAt,
    durationMs: summary.activeMs,
    outputs: status === "succeeded" ? (ending?.outputs ?? null) : null,
    failure: failureOfRun(store, summary.runId) ?? (status === "failed" ? (ending?.failure ?? null) : null),
    spend: facts.spend(),
    budgets: simulated ? [] : budgetLines(plan, facts),
    simulated,
    replayed: (frozen.choice["origin"] ?? null) as "recorded" | "scripted" | null,
  };
  const read = (ref: ValueRef): Json => readValue(store, ref);
  return { plan, record, end, facts, read, report: () => reportOf(summary, plan, record, end, read) };
}

function reportOf(
  { runId, startedAt, frozen }: RunSummary,
  plan: Plan,
  record: Parameters<typeof report>[1],
  end: Parameters<typeof report>[2],
  read: (ref: ValueRef) => Json,
): JsonObject {
  return report({ runId, plan, startedAt, inputs: (frozen as unknown as Frozen).inputs }, record, end, read);
}
