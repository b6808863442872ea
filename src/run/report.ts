import type { Json, JsonObject } from "../util/json.ts";
import { linesJson, type BudgetLine } from "./budget/line.ts";
import { artifactJson } from "./artifact.ts";
import { childrenJson } from "./child.ts";
import type { Failure } from "./failure.ts";
import { ratedScope, type RunInfo, type ScopeRecord, type StepRecord } from "./state.ts";
import { noSpend, plusSpend, roundUsd, type Spend } from "./spend.ts";
import { errorJson, stepArtifacts, stepOutput, stepResults, type ReadValue } from "./step-value.ts";
import type { Usage } from "../util/usage.ts";

/**
 * Version 1 of the report; schema in schemas/report.v1.json.
 * History: 1 = the first; since then `variant`, `score` and `roi` came to it.
 */
export const REPORT_VERSION = 1;

export interface ReportEnd {
  readonly status: "succeeded" | "failed" | "cancelled" | "interrupted" | "waiting" | "running";
  readonly finishedAt: number;
  /** Active time over all starts of the run, milliseconds. */
  readonly durationMs: number;
  readonly outputs: JsonObject | null;
  readonly failure: Failure | null;
  /** All that was paid for the run, over all its starts. */
  readonly spend: Spend;
  /** What was spent of each budget; empty where there is none. */
  readonly budgets: readonly BudgetLine[];
  readonly simulated: boolean;
  /** Where replayed answers came from; null = a live run. */
  readonly replayed: "recorded" | "scripted" | null;
}

/** The report of COMMANDS.md: plain JSON, values written out. `read` gives the value behind a reference. */
export function report(info: RunInfo, scope: ScopeRecord, end: ReportEnd, read: ReadValue): JsonObject {
  const { workflow, digest } = info.plan;
  return {
    version: REPORT_VERSION,
    run_id: info.runId,
    workflow: workflow.name,
    workflow_version: workflow.version,
    manifest_digest: digest,
    status: end.status,
    simulated: end.simulated,
    replayed: end.replayed,
    started_at: iso(info.startedAt),
    finished_at: iso(end.finishedAt),
    duration_ms: Math.round(end.durationMs),
    inputs: info.inputs,
    outputs: end.outputs,
    usage: usageJson(end.spend.usage),
    cost_usd: end.spend.costUsd === null ? null : roundUsd(end.spend.costUsd),
    ...(end.budgets.length === 0 ? {} : { budget: linesJson(end.budgets) }),
    error: errorJson(end.failure),
    variant: info.plan.variant ?? null,
    score: ratedScope(scope, info.plan).score,
    roi: roiJson(info, end),
    steps: stepsJson(scope, read),
  };
}

/** What a run that succeeded saved against doing it by hand; what it cost is taken off where that is known. */
function roiJson({ plan: { roi } }: RunInfo, { status, spend }: ReportEnd): JsonObject | null {
  if (roi === undefined) return null;
  const { manualHours, hourlyRate } = roi;
  const saved = status === "succeeded" && spend.costUsd !== null ? manualHours * hourlyRate - spend.costUsd : null;
  return {
    manual_hours: manualHours,
    hourly_rate: hourlyRate,
    saved_hours: status === "succeeded" ? manualHours : null,
    saved_usd: saved === null ? null : roundUsd(saved),
  };
}

/** The steps of a scope and of the groups and sub-workflows in it, by path; those of items stand with their items. */
function stepsJson(scope: ScopeRecord, read: ReadValue): { [path: string]: Json } {
  const steps: { [path: string]: Json } = {};
  for (const step of scope.steps) {
    steps[step.path] = stepJson(step, read);
    if (step.inner !== null) Object.assign(steps, stepsJson(step.inner, read));
  }
  return steps;
}

function stepJson(step: StepRecord, read: ReadValue): JsonObject {
  const spend = stepSpend(step);
  const isOver = step.startedAt !== null && step.endedAt !== null;
  return {
    status: step.status,
    kind: step.kind,
    attempts: step.attempts,
    started_at: step.startedAt === null ? null : iso(step.startedAt),
    duration_ms: isOver ? Math.round((step.endedAt as number) - (step.startedAt as number)) : null,
    model: step.model,
    model_asked: step.askedModel,
    output: stepOutput(step, read),
    error: errorJson(step.failure),
    caught: step.caught,
    usage: spend.usage.calls === 0 && step.usage === null ? null : usageJson(spend.usage),
    cost_usd: spend.costUsd === null || spend.usage.calls === 0 ? null : roundUsd(spend.costUsd),
    from_cache: step.cached > 0 && step.cached >= (step.items?.length ?? 1),
    reused: step.reused,
    ...artifactsJson(step, read),
    ...childrenOf(step, read),
    results: step.items === null && step.rounds === null ? null : resultsJson(step, read),
  };
}

/** The files that a step left behind, where it did. */
function artifactsJson(step: StepRecord, read: ReadValue): JsonObject {
  const artifacts = stepArtifacts(step, read);
  return artifacts.length === 0 ? {} : { artifacts: artifacts.map(artifactJson) };
}

/** The steps inside of a unit stand with its result; of a batch that has one an item, with the first of them. */
function resultsJson(step: StepRecord, read: ReadValue): Json {
  const results = stepResults(step, read);
  let at = 0;
  for (const unit of step.items ?? []) {
    const { item, inner } = unit;
    if (inner !== null && at < results.length) results[at] = { ...results[at], steps: stepsJson(inner, read) };
    if (at < results.length) results[at] = { ...results[at], ...childrenOf(unit, read) };
    at += step.batch?.flatten === true && Array.isArray(item) ? (item as readonly Json[]).length : 1;
  }
  return results;
}

/** The agents that it has started, where it has. */
function childrenOf({ children = [] }: Pick<StepRecord, "children">, read: ReadValue): JsonObject {
  return children.length === 0 ? {} : { children: childrenJson(children, read) };
}

/** What a step spent, with all that is inside it. */
export function stepSpend(step: StepRecord): Spend {
  let sum =
    step.usage === null
      ? noSpend
      : plusSpend(noSpend, { usage: step.usage, costUsd: step.costUnknown ? null : step.costUsd });
  const scopes = [step.inner, ...(step.items ?? []).map(({ inner }) => inner)];
  for (const scope of scopes) if (scope !== null) sum = plusSpend(sum, scopeSpend(scope));
  return sum;
}

/** What the steps of a scope spent. */
export function scopeSpend(scope: ScopeRecord): Spend {
  return scope.steps.reduce((sum, step) => plusSpend(sum, stepSpend(step)), noSpend);
}

function usageJson(usage: Usage): JsonObject {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cache_read_tokens: usage.cacheReadTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    calls: usage.calls,
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
