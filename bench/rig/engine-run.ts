import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { startRun } from "../../src/engine/local/start.ts";
import type { Surroundings } from "../../src/engine/local/surroundings.ts";
import { plainResult, type StepHandler } from "../../src/engine/step/handler.ts";
import { createValueStep } from "../../src/engine/step/value.ts";
import type { LocalRun } from "../../src/engine/local/run.ts";
import { createEvaluator } from "../../src/expression/evaluate.ts";
import type { Plan } from "../../src/plan/types.ts";
import { createRedactor } from "../../src/run/redact.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import type { Store } from "../../src/store/store.ts";
import { systemClock, type Clock } from "../../src/util/clock.ts";
import type { JsonObject } from "../../src/util/json.ts";
import { silentLog } from "../../src/util/log.ts";
import { createSchemaCheck } from "../../src/util/schema-check.ts";

/** What a run of steps that do nothing took. */
export interface EngineRun {
  /** From the start of the run to its end, committed. */
  readonly ms: number;
  /** CPU time of this process in that time, user and system. */
  readonly cpuMs: number;
  /** What the heap grew by during the run: both ends measured after a collection. 0 without `--expose-gc`. */
  readonly heapBytes: number;
  /** What lies in the state's folder after it was closed. */
  readonly stateBytes: number;
}

/** Steps that resolve their texts and are committed like any other, but do nothing: what is left is orchestration. */
const nothing: StepHandler = {
  prepare(step, { evaluator, values }) {
    if (step.body.kind === "agent") {
      const task = evaluator.evaluate(step.body.task, values);
      if (!task.ok) throw new Error(task.error.message);
    }
    return {
      ok: true,
      value: {
        kind: "later",
        model: null,
        isWaiting: false,
        run: async () => plainResult({ ok: true, output: "done" }),
      },
    };
  },
};

/** A run that was started on a state file of its own. */
export interface StartedRun {
  readonly run: LocalRun;
  readonly store: Store;
}

/** Starts a plan in this process on a real state file, durable against power loss; stand-ins answer for its steps. */
export function startOnDisk(
  plan: Plan,
  inputs: JsonObject,
  folder: string,
  standIn: StepHandler = nothing,
  clock: Clock = systemClock,
): StartedRun {
  mkdirSync(folder, { recursive: true });
  const redactor = createRedactor(new Map());
  if (!redactor.ok) throw new Error("no secret is too short where there is none");
  const store = openSqliteStore({ path: join(folder, "state.db"), clock, warnings: process });
  const around: Surroundings = {
    store,
    clock,
    owner: { host: "bench", pid: process.pid, processStart: null, renewedAt: clock.now() },
    mayTake: () => true,
    evaluator: createEvaluator(),
    check: createSchemaCheck(),
    repository: {
      isMadeUp: false,
      find: () => ({ ok: true, value: [] }),
      digest: (path) => ({ ok: false, error: `no file ${path}` }),
    },
    unitFiles: null,
    cache: null,
    glob: () => ({ ok: true, value: [] }),
    file: (path) => ({ ok: false, error: `no file ${path}` }),
    isFree: false,
    isLive: true,
    hurry: false,
    isAttended: false,
    isCopy: false,
    redactor: redactor.value,
    secrets: {},
    onEvents: () => {},
    log: silentLog,
    concurrency: null,
    handlers: handlersOf(standIn),
  };
  const choice = { model: [], only: [], replay: null };
  const first = { runId: "BENCH", plan, manifestPath: "workflow.yaml", inputs, choice };
  const run = startRun(first, around);
  if (!run.ok) throw new Error(run.error.message);
  return { run: run.value, store };
}

/** Runs a plan to its end and tells what that took. */
export async function runOnDisk(plan: Plan, inputs: JsonObject, folder: string): Promise<EngineRun> {
  const before = heapBytes();
  const cpuBefore = process.cpuUsage();
  const from = performance.now();
  const { run, store } = startOnDisk(plan, inputs, folder);
  const outcome = await run.done;
  const ms = performance.now() - from;
  const { user, system } = process.cpuUsage(cpuBefore);
  if (outcome.status !== "succeeded") throw new Error(`the run ${outcome.status}: ${outcome.failure?.message}`);
  const grown = heapBytes() - before;
  store.close();
  // `run` is named behind the measurement: until there nothing of it may be collected.
  run.interrupt();
  return { ms, cpuMs: (user + system) / 1000, heapBytes: grown, stateBytes: bytesIn(folder) };
}

/** A stand-in for every kind of step that leaves this process, and values as they are. */
function handlersOf(standIn: StepHandler): Surroundings["handlers"] {
  return {
    agent: standIn,
    run: standIn,
    http: standIn,
    sql: standIn,
    state: standIn,
    wait: standIn,
    send: standIn,
    approval: standIn,
    value: createValueStep(createSchemaCheck()),
  };
}

/** What is in use of the heap after a collection; 0 without `--expose-gc`. */
export function heapBytes(): number {
  globalThis.gc?.();
  return globalThis.gc === undefined ? 0 : process.memoryUsage().heapUsed;
}

function bytesIn(folder: string): number {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => statSync(join(folder, path)));
  return paths.reduce((sum, stats) => sum + (stats.isFile() ? stats.size : 0), 0);
}
