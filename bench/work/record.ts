import { join } from "node:path";
import type { RunFigures } from "../../src/run/figures.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { systemClock } from "../../src/util/clock.ts";
import type { Work } from "../finding.ts";
import { inFolder, muster, timed } from "../rig/child.ts";

const STEPS = ["read", "plan", "draft", "check", "edit", "send"];

function figuresOf(run: number): RunFigures {
  return {
    mode: "live",
    variant: run % 2 === 0 ? "short" : "long",
    score: run % 7,
    wallMs: 1000 + (run % 500),
    activeMs: 900,
    waitingMs: 10,
    calls: STEPS.length,
    tokens: 6000,
    costUsd: 0.0096,
    spend: STEPS.map((step) => ({
      step,
      agent: "writer",
      model: "anthropic/claude-haiku-5-5",
      calls: 1,
      tokens: 1000,
      costUsd: 0.0016,
    })),
    steps: STEPS.map((step, index) => ({
      step,
      kind: "agent",
      succeeded: 1,
      failed: 0,
      skipped: 0,
      attempts: 1,
      durationMs: 100 * index + (run % 77),
      criticalMs: index % 2 === 0 ? 50 : null,
    })),
    moreSteps: 0,
    roi: { manualHours: 1, hourlyRate: 50 },
  };
}

/** What is told of many runs of three workflows, six steps each, in one state file. */
export const recordWork: Work = {
  name: "record",
  runs: 1,
  measure: (size) =>
    inFolder(async (folder) => {
      const path = join(folder, "state.db");
      const runs = size.of(10_000);
      fill(path, runs);
      const findings = [];
      for (const command of ["runs", "ps", "stats", "dead-letters list"]) {
        const times: number[] = [];
        for (let i = 0; i < 5; i += 1) {
          const { ms } = await timed([muster, "--state", path, ...command.split(" ")], { cwd: folder });
          times.push(ms);
        }
        const median = times.sort((a, b) => a - b)[2] as number;
        const target = command === "dead-letters list" ? null : { atMost: 300 };
        findings.push({
          what: `\`muster ${command}\` with 10,000 runs on the record`,
          value: median,
          unit: "ms",
          target,
        });
      }
      return findings;
    }),
};

function fill(path: string, runs: number): void {
  const store = openSqliteStore({ path, clock: systemClock, warnings: process });
  const from = systemClock.now() - runs * 1000;
  for (let run = 0; run < runs; run += 1) {
    const record = {
      runId: `R${run}`,
      workflow: `flow-${run % 3}`,
      workflowVersion: "1.0.0",
      manifestPath: "flow.yaml",
      startedAt: from + run * 1000,
      frozen: { inputs: { topic: "x".repeat(300) }, env: {}, run: {}, choice: {} },
    };
    const lease = store.createRun(record, { host: "bench", pid: 1, processStart: null, renewedAt: 0 });
    store.commit(lease, {
      events: [],
      facts: [],
      status: run % 10 === 0 ? "failed" : "succeeded",
      activeMs: 1000,
      figures: figuresOf(run),
    });
  }
  store.close();
}
