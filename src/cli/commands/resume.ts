import { relative, resolve } from "node:path";
import { createSurroundings, hasState, mayTake, openStore, stopLeftBehind, workspaceOf } from "../../compose.ts";
import { findProject, runsFolderOf } from "../../util/project.ts";
import { prepareResume } from "../../engine/local/resume.ts";
import type { Frozen } from "../../engine/local/surroundings.ts";
import { resumePlan } from "../../engine/local/recall.ts";
import type { LeaseOwner, RunSummary, Store } from "../../store/store.ts";
import { systemClock } from "../../util/clock.ts";
import { formatElapsed } from "../../util/format.ts";
import { suggest } from "../../diagnostic/suggest.ts";
import { stepPaths } from "../../plan/step-paths.ts";
import { idsOfPath } from "../../run/attempt-key.ts";
import type { AutoChoice } from "../../plan/auto-model.ts";
import { resolveAuto } from "../auto-model.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { findRun } from "../find-run.ts";
import { leftBehind } from "../view/left-behind.ts";
import { reporterFor, followRun, type RunShape } from "../follow-run.ts";
import { createLog } from "../log.ts";
import { modelChoice } from "../model-choice.ts";
import { outputFile } from "../output-file.ts";
import { readReplay } from "../replay.ts";
import type { Terminal } from "../terminal.ts";
import { resumePreview } from "../view/resume-preview.ts";
import { planOrExit, reducedPlan } from "../workflow.ts";
import { run as show } from "./show.ts";

export interface ResumeOptions extends RunShape {
  readonly rerun: readonly string[];
  readonly dryRun?: boolean;
  readonly state?: string;
  readonly concurrency?: number;
}

/** `muster resume [RUN]` */
export async function run(terminal: Terminal, [name]: readonly string[], options: ResumeOptions): Promise<ExitCode> {
  const project = findProject(terminal.cwd, options.state ?? null);
  if (!hasState(project))
    throw new UsageError(`there is no state in ${project.statePath}: start a run with 'muster run FILE'`);
  if (options.report !== undefined) outputFile("--report", options.report, terminal);
  const store = openStore(project, { readOnly: false });
  try {
    const summary = name === undefined ? newestUnfinished(store) : findRun(store, name);
    const { runId } = summary;
    if ((summary.status === "succeeded" && options.rerun.length === 0) || summary.status === "cancelled") {
      terminal.err(
        `run ${runId} ${summary.status === "succeeded" ? "has succeeded" : "was cancelled"}: there is nothing to resume\n`,
      );
      await show(terminal, [runId], options);
      return summary.status === "succeeded" ? exitCode.succeeded : exitCode.runFailed;
    }
    if (summary.lease !== null && !mayTake(systemClock)(summary.lease)) throw refused(runId, summary.lease);

    const { choice } = summary.frozen as unknown as Frozen;
    const file = resolve(project.root, summary.manifestPath);
    const models = modelChoice(choice["model"] as readonly string[]);
    const whole = planOrExit(relative(terminal.cwd, file), terminal, models, "counted").plan;
    const asked = reducedPlan(whole, (choice["only"] ?? []) as readonly string[]);
    const rerun = rerunSteps(stepPaths(asked), options.rerun);
    const simulated = choice["simulated"] === true;
    const replay = choice["replay"] as string | null;
    const recording = replay === null ? null : readReplay(resolve(project.root, replay), terminal);
    const known = (choice["auto"] ?? null) as AutoChoice | null;
    const { plan } = await resolveAuto(asked, { known, isLive: recording === null && !simulated }, terminal);
    const reporter = reporterFor(terminal, { runId, plan, history: store.readEvents(runId) }, options);
    const around = createSurroundings({
      plan,
      env: terminal.env,
      workspace: workspaceOf(file, project),
      runsFolder: runsFolderOf(project),
      store,
      recording,
      simulated,
      concurrency: options.concurrency ?? null,
      onEvents: (events) => reporter.onEvents(events),
      log: await createLog(options.logLevel),
    });
    if (!around.ok) throw new UsageError(around.error.join("\n        "));
    const prepared = prepareResume(summary, plan, rerun, around.value);
    if (!prepared.ok) throw new UsageError(prepared.error.message, exitCode.runFailed);
    terminal.err(
      `resume ${runId} of ${summary.manifestPath}\n${resumePreview(resumePlan(prepared.value.recall), terminal.color)}`,
    );
    if (options.dryRun === true) return exitCode.succeeded;
    const taken = prepared.value.take();
    if (!taken.ok) throw refused(runId, taken.error);
    const stopped = await stopLeftBehind(project, runId);
    if (stopped > 0) terminal.err(`${leftBehind(stopped)}\n`);
    const { inputs } = summary.frozen as unknown as Frozen;
    const followed = {
      terminal,
      reporter,
      runId,
      plan,
      inputs,
      origin: recording?.origin ?? null,
      only: (choice["only"] ?? []) as readonly string[],
      simulated,
      shape: options,
      store,
      startedAt: summary.startedAt,
      file: summary.manifestPath,
    };
    return await followRun(taken.value.go(), followed).finally(() => reporter.close());
  } finally {
    store.close();
  }
}

function newestUnfinished(store: Store): RunSummary {
  const [newest] = store.listRuns({ status: ["running", "interrupted", "failed", "waiting"], limit: 1 });
  if (newest === undefined) throw new UsageError("there is no unfinished run: 'muster runs' lists all");
  return newest;
}

/** A run has one runner: the second one is told who the first is. */
function refused(runId: string, owner: LeaseOwner): UsageError {
  const age = formatElapsed(Math.max(0, systemClock.now() - owner.renewedAt));
  return new UsageError(
    `run ${runId} is being run by pid ${owner.pid} on ${owner.host}, which gave a sign of life ${age} ago: follow it with 'muster logs ${runId} --follow', or stop it with 'muster kill ${runId}'`,
  );
}

function rerunSteps(paths: readonly string[], rerun: readonly string[]): ReadonlySet<string> {
  for (const step of rerun) {
    if (paths.includes(step)) continue;
    // Items have no name of their own here: all of them run again.
    const near = paths.find((path) => path === idsOfPath(step)) ?? suggest(step, paths);
    throw new UsageError(
      `--rerun ${step}: the workflow has no such step${near === null ? "" : `; did you mean '${near}'?`}`,
    );
  }
  return new Set(rerun);
}
