import type { Json, JsonObject } from "../util/json.ts";
import type { Failure } from "./failure.ts";
import type { ItemRecord, RunInfo, ScopeRecord, StepRecord } from "./state.ts";
import { roundUsd, type Spend } from "./spend.ts";
import type { Usage } from "../util/usage.ts";
import type { ValueRef } from "./value-ref.ts";

/** Version 1 of the report; schema in schemas/report.v1.json. */
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
  readonly simulated: boolean;
  /** Where replayed answers came from; null = a live run. */
  readonly replayed: "recorded" | "scripted" | null;
}

/** The report of COMMANDS.md: plain JSON, values written out. `read` gives the value behind a reference. */
export function report(info: RunInfo, scope: ScopeRecord, end: ReportEnd, read: (ref: ValueRef) => Json): JsonObject {
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
    error: errorJson(end.failure),
    steps: Object.fromEntries(scope.steps.map((step) => [step.path, stepJson(step, read)])),
  };
}

function stepJson(step: StepRecord, read: (ref: ValueRef) => Json): JsonObject {
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
    usage: step.usage === null ? null : usageJson(step.usage),
    cost_usd: step.costUnknown || step.costUsd === null ? null : roundUsd(step.costUsd),
    from_cache: false,
    reused: step.reused,
    results: step.items === null ? null : step.items.map((item, index) => itemJson(item, index, read)),
  };
}

/** What `steps.x.output` gives: for a `for_each` the successful outputs in item order, or the winner's. */
export function stepOutput(step: StepRecord, read: (ref: ValueRef) => Json): Json {
  if (step.output !== null) return read(step.output);
  if (step.items === null || step.status !== "succeeded") return null;
  if (step.winner !== null) return readOrNull(step.items[step.winner]?.output ?? null, read);
  return step.items.filter((item) => item.status === "succeeded").map((item) => readOrNull(item.output, read));
}

/** One entry of `steps.x.results`. */
export function itemJson(item: ItemRecord, index: number, read: (ref: ValueRef) => Json): JsonObject {
  return {
    item: item.item,
    index,
    status: item.status,
    output: readOrNull(item.output, read),
    error: errorJson(item.failure),
    attempts: item.attempts,
  };
}

/** A failure as users see it in expressions, reports and events. */
export function errorJson(failure: Failure | null): JsonObject | null {
  if (failure === null) return null;
  const { class: failureClass, code, message, help, partial } = failure;
  return { class: failureClass, code, message, ...(help === null ? {} : { help }), ...(partial === null ? {} : { partial }) };
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

function readOrNull(ref: ValueRef | null, read: (ref: ValueRef) => Json): Json {
  return ref === null ? null : read(ref);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
