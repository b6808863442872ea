// Calls of the Anthropic provider to a fake server in another process: node bench/rig/calls-child.ts '{ "calls": ... }'
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createSurroundings, openStore } from "../../src/compose.ts";
import { startRun } from "../../src/engine/local/start.ts";
import type { Plan } from "../../src/plan/types.ts";
import { silentLog } from "../../src/util/log.ts";
import { inFolder } from "./child.ts";
import { fan } from "./manifest.ts";
import { prepared } from "./plan.ts";

/** Time and CPU time (of this process alone) of the second of two equal runs: libraries are loaded and warm. */
export interface CallsChild {
  readonly ms: number;
  readonly cpuMs: number;
}

interface Shape {
  readonly calls: number;
  readonly concurrency: number;
  readonly delayMs: number;
}

const { calls, concurrency, delayMs } = JSON.parse(process.argv[2] ?? "") as Shape;
const fake = spawn(
  process.execPath,
  [resolve(import.meta.dirname, "../../test/rig/fake-anthropic/main.ts"), "--delay-ms", String(delayMs)],
  { stdio: ["pipe", "pipe", "inherit"] },
);
const [line] = (await once(fake.stdout.setEncoding("utf8"), "data")) as [string];
const { url } = JSON.parse(line) as { url: string };
const plan = prepared(fan(calls, concurrency))();
await inFolder((folder) => measure(plan, folder, "warm"));
const result = await inFolder((folder) => measure(plan, folder, "measured"));
fake.stdin.end();
process.stdout.write(JSON.stringify(result));

async function measure(plan: Plan, folder: string, runId: string): Promise<CallsChild> {
  const store = openStore({ root: folder, statePath: `${folder}/.muster/state.db` }, { readOnly: false });
  const env = { ...process.env, ANTHROPIC_API_KEY: "sk-ant-bench-0123456789", ANTHROPIC_BASE_URL: url };
  const around = createSurroundings({
    plan,
    env,
    workspace: folder,
    store,
    runsFolder: `${folder}/.muster/runs`,
    recording: null,
    simulated: false,
    concurrency: null,
    onEvents: () => {},
    log: silentLog,
  });
  if (!around.ok) throw new Error(around.error.join("; "));
  const list = Array.from({ length: calls }, (_, index) => index);
  const cpuBefore = process.cpuUsage();
  const from = performance.now();
  const run = startRun(
    { runId, plan, manifestPath: "workflow.yaml", inputs: { list }, choice: { model: [], only: [], replay: null } },
    around.value,
  );
  if (!run.ok) throw new Error(run.error.message);
  const { status, failure } = await run.value.done;
  const ms = performance.now() - from;
  const { user, system } = process.cpuUsage(cpuBefore);
  if (status !== "succeeded") throw new Error(`the run ${status}: ${failure?.message}`);
  store.close();
  return { ms, cpuMs: (user + system) / 1000 };
}
