import { dirname, join, resolve } from "node:path";
import { ulid } from "ulid";
import { createSurroundings, openStore, portablePath, workspaceOf } from "../../compose.ts";
import { findProject } from "../../util/project.ts";
import { startRun } from "../../engine/local/launch.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { readInputs, type InputOptions } from "../inputs.ts";
import { createLog } from "../log.ts";
import { modelChoice } from "../model-choice.ts";
import { readReplay } from "../replay.ts";
import { reporterFor, followRun, type RunShape } from "../follow-run.ts";
import type { Terminal } from "../terminal.ts";
import { planOrExit } from "../workflow.ts";

export interface RunOptions extends InputOptions, RunShape {
  readonly model: readonly string[];
  readonly runId?: string;
  readonly replay?: string;
  readonly state?: string;
  readonly concurrency?: number;
}

/** `muster run FILE` */
export async function run(terminal: Terminal, [file = ""]: readonly string[], options: RunOptions): Promise<ExitCode> {
  const choice = modelChoice(options.model);
  const { plan } = planOrExit(file, terminal, choice);
  const inputs = readInputs(plan, options, terminal);
  const recording = options.replay === undefined ? null : readReplay(options.replay, terminal);
  const runId = options.runId ?? ulid();
  if (!/^[\w.-]{1,64}$/.test(runId)) throw new UsageError(`--run-id ${runId}: use up to 64 letters, digits, '.', '-' and '_'`);
  const manifest = resolve(terminal.cwd, file);
  const project = findProject(terminal.cwd, options.state ?? null);
  const reporter = reporterFor(terminal, { runId, plan, history: [] }, options);

  const store = openStore(project, { readOnly: false });
  try {
    if (store.findRun(runId) !== null) throw new UsageError(`there is a run ${runId} already: muster resume ${runId}, or take another --run-id`);
    const around = createSurroundings({
      plan,
      env: terminal.env,
      workspace: workspaceOf(manifest, project),
      runsFolder: join(dirname(project.statePath), "runs"),
      store,
      recording,
      concurrency: options.concurrency ?? null,
      onEvents: (events) => reporter.onEvents(events),
      log: await createLog(options.logLevel),
    });
    if (!around.ok) throw new UsageError(around.error.join("\n        "));
    const origin = recording?.origin ?? null;
    const first = {
      runId,
      plan,
      manifestPath: portablePath(manifest, project),
      inputs: around.value.redactor.value(inputs) as typeof inputs,
      choice: { model: options.model, replay: options.replay === undefined ? null : portablePath(resolve(terminal.cwd, options.replay), project), origin },
    };
    const started = startRun(first, around.value);
    if (!started.ok) throw new UsageError(started.error.message, exitCode.runFailed);
    return await followRun(started.value, { terminal, reporter, runId, plan, inputs: first.inputs, origin, shape: options, store, startedAt: store.findRun(runId)?.startedAt ?? 0, file });
  } finally {
    reporter.close();
    store.close();
  }
}
