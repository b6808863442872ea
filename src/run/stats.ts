import type { RunFigures, RunMode } from "./figures.ts";
import { roundUsd } from "./spend.ts";
import type { JsonObject } from "../util/json.ts";

/** Version 1 of what `muster stats --json` prints. History: 1 = the first. */
export const STATS_VERSION = 1;

/** One run, with how it stands. */
export interface CountedRun {
  readonly runId: string;
  readonly workflow: string;
  readonly workflowVersion: string | null;
  readonly status: string;
  /** null = it has not ended since figures are kept. */
  readonly figures: RunFigures | null;
}

/** The runs of one workflow and mode, the newest first. */
export interface RunGroup {
  readonly workflow: string;
  readonly mode: RunMode;
  readonly runs: readonly CountedRun[];
}

/** Sorts runs (newest first) by workflow and mode: live before replayed before simulated; a run without figures is live. */
export function groupRuns(runs: Iterable<CountedRun>): readonly RunGroup[] {
  const groups = new Map<string, { workflow: string; mode: RunMode; runs: CountedRun[] }>();
  for (const run of runs) {
    const mode = run.figures?.mode ?? "live";
    const key = `${run.workflow}\n${mode}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { workflow: run.workflow, mode, runs: [run] });
    else group.runs.push(run);
  }
  return [...groups.values()].sort((a, b) =>
    a.workflow === b.workflow ? (a.mode < b.mode ? -1 : 1) : a.workflow < b.workflow ? -1 : 1,
  );
}

/** Runs of which more is told: their number, how they ended, time, cost, score. Times are those of runs that succeeded. */
export interface Account {
  readonly runs: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Running, waiting or interrupted. */
  readonly unfinished: number;
  /** Of those that succeeded or failed; null when there is none. */
  readonly successRate: number | null;
  readonly wallMs: Quantiles | null;
  readonly activeMs: Quantiles | null;
  readonly waitingMs: Quantiles | null;
  readonly cost: Cost;
  readonly score: { readonly runs: number; readonly mean: number; readonly min: number; readonly max: number } | null;
}

/** Nearest rank: a value that was seen. */
export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
}

/** USD of all runs that have figures, failed ones too. */
export interface Cost {
  readonly totalUsd: number;
  /** Of a run; null when none has a known cost. */
  readonly perRun: Quantiles | null;
  /** Runs whose cost is not known: not in the others. */
  readonly unknownRuns: number;
  readonly calls: number;
  readonly tokens: number;
}

export function accountOf(runs: readonly CountedRun[]): Account {
  const ended = { succeeded: 0, failed: 0, cancelled: 0 };
  const [wall, active, waiting, costs]: [number[], number[], number[], number[]] = [[], [], [], []];
  const score = { runs: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  let [totalUsd, unknownRuns, calls, tokens] = [0, 0, 0, 0];
  for (const { status, figures } of runs) {
    if (status === "succeeded" || status === "failed" || status === "cancelled") ended[status] += 1;
    if (figures === null) continue;
    calls += figures.calls;
    tokens += figures.tokens;
    if (figures.costUsd === null) unknownRuns += 1;
    else {
      totalUsd += figures.costUsd;
      costs.push(figures.costUsd);
    }
    if (status !== "succeeded") continue;
    wall.push(figures.wallMs);
    active.push(figures.activeMs);
    waiting.push(figures.waitingMs);
    if (figures.score === null) continue;
    score.runs += 1;
    score.sum += figures.score;
    score.min = Math.min(score.min, figures.score);
    score.max = Math.max(score.max, figures.score);
  }
  const { succeeded, failed, cancelled } = ended;
  return {
    runs: runs.length,
    ...ended,
    unfinished: runs.length - succeeded - failed - cancelled,
    successRate: succeeded + failed === 0 ? null : succeeded / (succeeded + failed),
    wallMs: quantiles(wall),
    activeMs: quantiles(active),
    waitingMs: quantiles(waiting),
    cost: { totalUsd: roundUsd(totalUsd), perRun: quantiles(costs), unknownRuns, calls, tokens },
    score: score.runs === 0 ? null : { runs: score.runs, mean: score.sum / score.runs, min: score.min, max: score.max },
  };
}

/** What was spent on one model, agent or step; the dearest first. `name` null = nobody knows any more. */
export interface SpendRow {
  readonly name: string | null;
  readonly calls: number;
  readonly tokens: number;
  readonly costUsd: number;
  /** Some of its calls have no known price: they are not in `costUsd`. */
  readonly isPartial: boolean;
}

export function spendBy(runs: readonly CountedRun[], of: "model" | "agent" | "step"): readonly SpendRow[] {
  const rows = new Map<string | null, { -readonly [key in keyof SpendRow]: SpendRow[key] }>();
  for (const { figures } of runs) {
    if (figures === null) continue;
    for (const spend of figures.spend) {
      const name = spend[of];
      let row = rows.get(name);
      if (row === undefined) rows.set(name, (row = { name, calls: 0, tokens: 0, costUsd: 0, isPartial: false }));
      row.calls += spend.calls;
      row.tokens += spend.tokens;
      if (spend.costUsd === null) row.isPartial = true;
      else row.costUsd += spend.costUsd;
    }
  }
  return [...rows.values()]
    .map((row) => ({ ...row, costUsd: roundUsd(row.costUsd) }))
    .sort((a, b) => b.costUsd - a.costUsd || b.tokens - a.tokens);
}

/** One step over all runs. */
export interface StepRow {
  readonly step: string;
  readonly kind: string;
  readonly runs: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly attempts: number;
  readonly durationMs: Quantiles | null;
  /** How often the end of a run hung on it, and for how long on average when it did. */
  readonly criticalRuns: number;
  readonly criticalMs: number | null;
}

/** Steps in the order in which the newest runs have them. */
export function stepRows(runs: readonly CountedRun[]): readonly StepRow[] {
  const counts = { runs: 0, succeeded: 0, failed: 0, skipped: 0, attempts: 0, criticalRuns: 0, criticalMs: 0 };
  const found = new Map<string, { kind: string; durations: number[] } & typeof counts>();
  for (const { figures } of runs) {
    if (figures === null) continue;
    for (const { step, kind, succeeded, failed, skipped, attempts, durationMs, criticalMs } of figures.steps) {
      let row = found.get(step);
      if (row === undefined) found.set(step, (row = { kind, durations: [], ...counts }));
      row.runs += 1;
      row.succeeded += succeeded;
      row.failed += failed;
      row.skipped += skipped;
      row.attempts += attempts;
      if (succeeded + failed > 0) row.durations.push(durationMs);
      if (criticalMs === null) continue;
      row.criticalRuns += 1;
      row.criticalMs += criticalMs;
    }
  }
  return [...found].map(([step, { durations, criticalMs, ...row }]) => ({
    step,
    ...row,
    durationMs: quantiles(durations),
    criticalMs: row.criticalRuns === 0 ? null : criticalMs / row.criticalRuns,
  }));
}

/** The critical path of the newest run that succeeded, its steps in the order of the file. */
export function newestPath(
  runs: readonly CountedRun[],
): { readonly runId: string; readonly steps: readonly { readonly step: string; readonly ms: number }[] } | null {
  const newest = runs.find(({ status, figures }) => status === "succeeded" && figures !== null);
  if (newest === undefined) return null;
  const steps = (newest.figures?.steps ?? []).flatMap(({ step, criticalMs }) =>
    criticalMs === null ? [] : [{ step, ms: criticalMs }],
  );
  return { runId: newest.runId, steps };
}

/** What runs that succeeded saved against doing it by hand; null where no run says what that takes. */
export function savingsOf(
  runs: readonly CountedRun[],
): { readonly runs: number; readonly hours: number; readonly usd: number } | null {
  const saving = runs.flatMap(({ status, figures }) => (status === "succeeded" && figures?.roi ? [figures] : []));
  if (saving.length === 0) return null;
  // What failed was paid too.
  const spent = sum(runs.flatMap(({ figures }) => (figures?.roi ? (figures.costUsd ?? 0) : 0)));
  const value = sum(saving.map(({ roi }) => (roi?.manualHours ?? 0) * (roi?.hourlyRate ?? 0)));
  return {
    runs: saving.length,
    hours: sum(saving.map(({ roi }) => roi?.manualHours ?? 0)),
    usd: roundUsd(value - spent),
  };
}

/** Runs by their variant or version, most runs first. */
export function splitRuns(
  runs: readonly CountedRun[],
  of: (run: CountedRun) => string | null,
): readonly { readonly name: string | null; readonly runs: readonly CountedRun[] }[] {
  const parts = new Map<string | null, CountedRun[]>();
  for (const run of runs) {
    // A run that is under way for the first time has not told anything yet.
    if (run.figures === null) continue;
    const name = of(run);
    const part = parts.get(name);
    if (part === undefined) parts.set(name, [run]);
    else part.push(run);
  }
  return [...parts].map(([name, part]) => ({ name, runs: part })).sort((a, b) => b.runs.length - a.runs.length);
}

export const variantOf = ({ figures }: CountedRun): string | null => figures?.variant ?? null;
export const versionOf = ({ workflowVersion }: CountedRun): string | null => workflowVersion;

/** One workflow in one mode as programs read it: docs/record.md. */
export function statsJson({ workflow, mode, runs }: RunGroup): JsonObject {
  const variants = splitRuns(runs, variantOf);
  const path = newestPath(runs);
  return {
    workflow,
    mode,
    ...accountJson(accountOf(runs)),
    by_model: spendBy(runs, "model").map(spendJson("model")),
    by_agent: spendBy(runs, "agent").map(spendJson("agent")),
    by_step: byStep(runs),
    by_variant: variants.some(({ name }) => name !== null)
      ? variants.map(({ name, runs: part }) => ({ variant: name, ...accountJson(accountOf(part)) }))
      : [],
    by_version: splitRuns(runs, versionOf).map(({ name, runs: part }) => ({
      version: name,
      ...accountJson(accountOf(part)),
    })),
    critical_path:
      path === null ? null : { run_id: path.runId, steps: path.steps.map(({ step, ms }) => ({ step, ms })) },
    savings: savingsOf(runs),
  };
}

function byStep(runs: readonly CountedRun[]): JsonObject[] {
  const spend = new Map(spendBy(runs, "step").map((row) => [row.name, row]));
  return stepRows(runs).map((row) => {
    const { calls = 0, tokens = 0, costUsd = 0, isPartial = false } = spend.get(row.step) ?? {};
    return {
      step: row.step,
      kind: row.kind,
      runs: row.runs,
      succeeded: row.succeeded,
      failed: row.failed,
      skipped: row.skipped,
      attempts: row.attempts,
      duration_ms: quantilesJson(row.durationMs),
      critical_runs: row.criticalRuns,
      critical_ms: row.criticalMs === null ? null : Math.round(row.criticalMs),
      calls,
      tokens,
      cost_usd: costUsd,
      cost_partial: isPartial,
    };
  });
}

function accountJson(account: Account): { [name: string]: JsonObject | number | null } {
  const { runs, succeeded, failed, cancelled, unfinished, successRate, wallMs, activeMs, waitingMs, cost, score } =
    account;
  return {
    runs,
    succeeded,
    failed,
    cancelled,
    unfinished,
    success_rate: successRate,
    wall_ms: quantilesJson(wallMs),
    active_ms: quantilesJson(activeMs),
    waiting_ms: quantilesJson(waitingMs),
    cost_usd: {
      total: cost.totalUsd,
      p50: cost.perRun?.p50 ?? null,
      p95: cost.perRun?.p95 ?? null,
      unknown_runs: cost.unknownRuns,
    },
    calls: cost.calls,
    tokens: cost.tokens,
    score: score === null ? null : { ...score },
  };
}

const spendJson =
  (of: string) =>
  ({ name, calls, tokens, costUsd, isPartial }: SpendRow): JsonObject => ({
    [of]: name,
    calls,
    tokens,
    cost_usd: costUsd,
    cost_partial: isPartial,
  });

function quantilesJson(quantile: Quantiles | null): JsonObject | null {
  return quantile === null ? null : { p50: Math.round(quantile.p50), p95: Math.round(quantile.p95) };
}

function quantiles(values: readonly number[]): Quantiles | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
  return { p50: at(0.5), p95: at(0.95) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
