import type { RunFigures, RunMode, SpendFigures, StepFigures } from "../../run/figures.ts";

/** Modes by number. Append only. */
const MODES = ["live", "replayed", "simulated"] as const satisfies readonly RunMode[];

/** Figures as a list: thousands are read at once, and names would take three times the room and the time. */
type FiguresBody = [
  mode: number,
  variant: string | null,
  score: number | null,
  wallMs: number,
  activeMs: number,
  waitingMs: number,
  calls: number,
  tokens: number,
  costUsd: number | null,
  spend: (readonly [
    step: string | null,
    agent: string | null,
    model: string | null,
    calls: number,
    tokens: number,
    costUsd: number | null,
  ])[],
  steps: (readonly [
    step: string,
    kind: string,
    succeeded: number,
    failed: number,
    skipped: number,
    attempts: number,
    durationMs: number,
    criticalMs: number | null,
  ])[],
  moreSteps: number,
  roi: readonly [manualHours: number, hourlyRate: number] | null,
];

export function encodeFigures(figures: RunFigures): string {
  const { mode, variant, score, wallMs, activeMs, waitingMs, calls, tokens, costUsd, moreSteps, roi } = figures;
  const spend = figures.spend.map(
    (row) => [row.step, row.agent, row.model, row.calls, row.tokens, row.costUsd] as const,
  );
  const steps = figures.steps.map(
    (row) =>
      [
        row.step,
        row.kind,
        row.succeeded,
        row.failed,
        row.skipped,
        row.attempts,
        row.durationMs,
        row.criticalMs,
      ] as const,
  );
  const body: FiguresBody = [
    MODES.indexOf(mode),
    variant,
    score,
    wallMs,
    activeMs,
    waitingMs,
    calls,
    tokens,
    costUsd,
    spend,
    steps,
    moreSteps,
    roi === null ? null : [roi.manualHours, roi.hourlyRate],
  ];
  return JSON.stringify(body);
}

export function decodeFigures(text: string): RunFigures {
  const body = JSON.parse(text) as FiguresBody;
  const [mode, variant, score, wallMs, activeMs, waitingMs, calls, tokens, costUsd, spend, steps, moreSteps, roi] =
    body;
  return {
    mode: MODES[mode] as RunMode,
    variant,
    score,
    wallMs,
    activeMs,
    waitingMs,
    calls,
    tokens,
    costUsd,
    spend: spend.map((row): SpendFigures => ({
      step: row[0],
      agent: row[1],
      model: row[2],
      calls: row[3],
      tokens: row[4],
      costUsd: row[5],
    })),
    steps: steps.map((row): StepFigures => ({
      step: row[0],
      kind: row[1],
      succeeded: row[2],
      failed: row[3],
      skipped: row[4],
      attempts: row[5],
      durationMs: row[6],
      criticalMs: row[7],
    })),
    moreSteps,
    roi: roi === null ? null : { manualHours: roi[0], hourlyRate: roi[1] },
  };
}
