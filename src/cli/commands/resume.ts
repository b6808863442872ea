import { resolve } from "node:path";
import { hasState, mayTake, openStore, stopLeftBehind, workspaceOf } from "../../compose.ts";
import { completeAudit } from "../../compose/audit.ts";
import type { BudgetChoice } from "../../plan/budget-choice.ts";
import { findProject } from "../../util/project.ts";
import { prepareResume } from "../../engine/local/resume.ts";
import { resumePlan } from "../../engine/local/recall.ts";
import type { RunSummary, Store } from "../../store/store.ts";
import { systemClock } from "../../util/clock.ts";
import { suggest } from "../../diagnostic/suggest.ts";
import { stepPaths } from "../../plan/step-paths.ts";
import { idsOfPath } from "../../run/attempt-key.ts";
import { continuedRun, heldBy, plannedAgain } from "../continued-run.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { findRun } from "../find-run.ts";
import { withRunner } from "../github/terminal.ts";
import { leftBehind } from "../view/left-behind.ts";
import { followRun, type RunShape } from "../follow-run.ts";
import { outputFile } from "../output-file.ts";
import type { Terminal } from "../terminal.ts";
import { resumePreview } from "../view/resume-preview.ts";
import { run as show } from "./show.ts";

export interface ResumeOptions extends RunShape {
  readonly rerun: readonly string[];
  readonly dryRun?: boolean;
  readonly state?: string;
  readonly concurrency?: number;
  readonly budget?: BudgetChoice;
}

/** `muster resume [RUN]` */
export function run(terminal: Terminal, args: readonly string[], options: ResumeOptions): Promise<ExitCode> {
  return withRunner(terminal, options, (shown) => resume(shown, args, options));
}

async function resume(terminal: Terminal, [name]: readonly string[], options: ResumeOptions): Promise<ExitCode> {
  const project = findProject(terminal.cwd, options.state ?? null);
  if (!hasState(project))
    throw new UsageError(`there is no state in ${project.statePath}: start a run with 'muster run FILE'`);
  if (options.report !== undefined) outputFile("--report", options.report, terminal);
  if (options.junit !== undefined) outputFile("--junit", options.junit, terminal);
  const store = openStore(project, { readOnly: false });
  try {
    const summary = name === undefined ? newestUnfinished(store) : findRun(store, name);
    const { runId } = summary;
    if ((summary.status === "succeeded" && options.rerun.length === 0) || summary.status === "cancelled") {
      // Its runner may have died between its last commit and the copy of that.
      try {
        completeAudit(summary, workspaceOf(resolve(project.root, summary.manifestPath), project), store, systemClock);
      } catch (error) {
        if (error instanceof Error && error.name === "StoreError") throw error;
        terminal.err(`the audit copy of run ${runId} cannot be completed: ${(error as Error).message}\n`);
      }
      terminal.err(
        `run ${runId} ${summary.status === "succeeded" ? "has succeeded" : "was cancelled"}: there is nothing to resume\n`,
      );
      await show(terminal, [runId], options);
      return summary.status === "succeeded" ? exitCode.succeeded : exitCode.runFailed;
    }
    if (summary.lease !== null && !mayTake(systemClock)(summary.lease)) throw heldBy(runId, summary.lease);

    const again = plannedAgain({ terminal, project, summary, budget: options.budget ?? null });
    const rerun = rerunSteps(stepPaths(again.plan), options.rerun);
    const concurrency = options.concurrency ?? null;
    const going = await continuedRun(again, { terminal, project, store, summary, shape: options, concurrency });
    const { plan, only, recording, simulated, inputs, reporter, attendant, around } = going;
    const prepared = prepareResume(summary, plan, rerun, around);
    if (!prepared.ok) throw new UsageError(prepared.error.message, exitCode.runFailed);
    terminal.err(
      `resume ${runId} of ${summary.manifestPath}\n${resumePreview(resumePlan(prepared.value.preview()), terminal.color)}`,
    );
    if (options.dryRun === true) return exitCode.succeeded;
    const taken = prepared.value.take();
    if (!taken.ok) throw heldBy(runId, taken.error);
    const stopped = await stopLeftBehind(project, runId);
    if (stopped > 0) terminal.err(`${leftBehind(stopped)}\n`);
    const followed = {
      terminal,
      reporter,
      attendant,
      runId,
      plan,
      inputs,
      origin: recording?.origin ?? null,
      only,
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

function rerunSteps(paths: readonly string[], rerun: readonly string[]): ReadonlySet<string> {
  for (const step of rerun) {
    if (paths.includes(idsOfPath(step))) continue;
    const near = suggest(idsOfPath(step), paths);
    throw new UsageError(
      `--rerun ${step}: the workflow has no such step${near === null ? "" : `; did you mean '${near}'?`}`,
    );
  }
  return new Set(rerun);
}
