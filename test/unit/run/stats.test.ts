import { describe, expect, it } from "vitest";
import type { RunFigures } from "../../../src/run/figures.ts";
import { groupRuns, statsJson, type CountedRun } from "../../../src/run/stats.ts";

const figures: RunFigures = {
  mode: "live",
  variant: null,
  score: null,
  wallMs: 100,
  activeMs: 60,
  waitingMs: 40,
  calls: 2,
  tokens: 200,
  costUsd: 0.02,
  spend: [
    { step: "draft", agent: "writer", model: "a/m", calls: 1, tokens: 100, costUsd: 0.015 },
    { step: "edit", agent: "editor", model: "a/n", calls: 1, tokens: 100, costUsd: 0.005 },
  ],
  steps: [
    { step: "draft", kind: "agent", succeeded: 1, failed: 0, skipped: 0, attempts: 1, durationMs: 60, criticalMs: 60 },
    { step: "edit", kind: "agent", succeeded: 0, failed: 0, skipped: 1, attempts: 0, durationMs: 0, criticalMs: null },
  ],
  moreSteps: 0,
  roi: { manualHours: 2, hourlyRate: 50 },
};
const run = (runId: string, status: string, more: Partial<RunFigures> | null = {}): CountedRun => ({
  runId,
  workflow: "review",
  workflowVersion: "1.0.0",
  status,
  figures: more === null ? null : { ...figures, ...more },
});

describe("the stats of a workflow", () => {
  it("count ends, time and cost, and keep simulated and replayed runs apart", () => {
    const runs = [
      run("R6", "running", null),
      run("R5", "succeeded", { mode: "simulated" }),
      run("R4", "succeeded", { mode: "replayed" }),
      run("R3", "failed", { costUsd: null }),
      run("R2", "succeeded", { wallMs: 300 }),
      run("R1", "succeeded"),
      { ...run("R0", "cancelled"), workflow: "other" },
    ];
    const groups = groupRuns(runs);
    expect(groups.map(({ workflow, mode, runs: of }) => [workflow, mode, of.length])).toEqual([
      ["other", "live", 1],
      ["review", "live", 4],
      ["review", "replayed", 1],
      ["review", "simulated", 1],
    ]);
    expect(statsJson(groups[1] as (typeof groups)[number])).toMatchObject({
      workflow: "review",
      mode: "live",
      runs: 4,
      succeeded: 2,
      failed: 1,
      unfinished: 1,
      success_rate: 2 / 3,
      wall_ms: { p50: 100, p95: 300 },
      waiting_ms: { p50: 40, p95: 40 },
      cost_usd: { total: 0.04, p50: 0.02, p95: 0.02, unknown_runs: 1 },
      by_model: [
        { model: "a/m", calls: 3, cost_usd: 0.045, cost_partial: false },
        { model: "a/n", calls: 3, cost_usd: 0.015 },
      ],
      by_agent: [{ agent: "writer" }, { agent: "editor" }],
      by_step: [
        { step: "draft", runs: 3, succeeded: 3, duration_ms: { p50: 60, p95: 60 }, critical_runs: 3, critical_ms: 60 },
        { step: "edit", skipped: 3, duration_ms: null, critical_runs: 0, critical_ms: null },
      ],
      by_variant: [],
      critical_path: { run_id: "R2", steps: [{ step: "draft", ms: 60 }] },
      savings: { runs: 2, hours: 4, usd: 199.96 },
    });
  });

  it("compare variants and versions", () => {
    const runs = [
      { ...run("R3", "succeeded", { variant: "a", score: 4 }), workflowVersion: "2.0.0" },
      run("R2", "succeeded", { variant: "a", score: 2 }),
      run("R1", "failed", { variant: "b" }),
    ];
    const [group] = groupRuns(runs);
    if (group === undefined) throw new Error("no group");
    expect(statsJson(group)).toMatchObject({
      score: { runs: 2, mean: 3, min: 2, max: 4 },
      by_variant: [
        { variant: "a", runs: 2, success_rate: 1, score: { mean: 3 } },
        { variant: "b", runs: 1, success_rate: 0, score: null },
      ],
      by_version: [
        { version: "1.0.0", runs: 2 },
        { version: "2.0.0", runs: 1 },
      ],
    });
  });
});
