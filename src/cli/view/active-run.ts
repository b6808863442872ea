import type { Colors } from "picocolors/types.js";
import { cut, rowsOf } from "../../compose/picture.ts";
import { printable } from "../../diagnostic/printable.ts";
import type { StepProgress } from "../../run/progress.ts";
import { formatElapsed, formatTokens, formatUsd } from "../../util/format.ts";
import type { JsonObject } from "../../util/json.ts";
import { isInFlight, type ActiveRun, type ActiveSession } from "../active-run.ts";

/** Steps in flight that are shown of one run. */
const MOST_STEPS = 20;

/** One run with what it is at: two lines for the run, one for each step in flight, none wider than `width` - 1. */
export function activeRunLines(
  { summary, status, owner, progress, sessions }: ActiveRun,
  width: number,
  now: number,
  color: Colors,
): string[] {
  const columns = Math.max(1, width - 1);
  const name = cut(printable(summary.workflow), Math.max(8, columns - summary.runId.length - 2));
  const figures = [formatElapsed(Math.max(0, now - summary.startedAt))];
  if (status === "waiting") figures.push("waiting");
  if (progress !== null) {
    const { tokens, costUsd, isCostUnknown } = progress.spend();
    figures.push(`${progress.done()}/${progress.steps.length} steps`);
    if (tokens > 0) figures.push(`${formatTokens(tokens)} tokens`, formatUsd(isCostUnknown ? null : costUsd));
  }
  if (owner !== null) figures.push(`pid ${owner.pid} on ${printable(owner.host)}`);
  const steps = progress?.rows().filter(isInFlight) ?? [];
  return [
    `${color.bold(name)}  ${summary.runId}`,
    color.dim(cut(`   ${figures.join("  ")}`, columns)),
    ...(progress === null ? [] : rowsOf(progress, steps.slice(0, MOST_STEPS), columns, now, color)),
    ...sessions.slice(0, MOST_STEPS).map((one) => color.dim(cut(`   ${sessionText(one)}`, columns))),
    ...(steps.length > MOST_STEPS ? [color.dim(cut(`   and ${steps.length - MOST_STEPS} more`, columns))] : []),
  ];
}

/** `session talk/helpdesk answers ask`, `ask waits for session talk/helpdesk`. */
function sessionText({ id, step, state, member }: ActiveSession): string {
  if (state === "queued") return printable(`${step} waits for session ${id}`);
  return printable(`session ${id}${member === null || member === 1 ? "" : ` (${member})`} answers ${step}`);
}

/** The same for programs. */
export function activeRunJson({ summary, status, owner, progress, sessions }: ActiveRun, now: number): JsonObject {
  const spend = progress?.spend();
  return {
    run_id: summary.runId,
    workflow: summary.workflow,
    file: summary.manifestPath,
    status,
    started_at: new Date(summary.startedAt).toISOString(),
    elapsed_ms: Math.max(0, now - summary.startedAt),
    owner: owner === null ? null : { host: owner.host, pid: owner.pid },
    tokens: spend?.tokens ?? 0,
    cost_usd: spend === undefined || spend.isCostUnknown ? null : spend.costUsd,
    steps_done: progress?.done() ?? 0,
    steps_total: progress?.steps.length ?? 0,
    sessions: sessions.map(({ id, step, state, member }) => ({
      id,
      step,
      state: state === "taken" ? "busy" : "queued",
      member,
    })),
    steps: (progress?.rows() ?? []).filter(isInFlight).map((step) => stepJson(step, now)),
  };
}

function stepJson(step: StepProgress, now: number): JsonObject {
  const { path, kind, phase, items, attempt, model, tokens, costUsd, isCostUnknown, startedAt } = step;
  return {
    step: path,
    kind,
    status: phase === "retrying" ? "running" : phase,
    attempt,
    items:
      items === null
        ? null
        : { total: items.total, succeeded: items.succeeded, failed: items.failed, running: items.running },
    model,
    elapsed_ms: startedAt === null ? 0 : Math.max(0, now - startedAt),
    tokens,
    cost_usd: isCostUnknown ? null : costUsd,
  };
}
