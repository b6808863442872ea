import { resolve } from "node:path";
import { stopLeftBehind } from "../compose.ts";
import { prepareResume, type Resume } from "../engine/local/resume.ts";
import type { Frozen } from "../engine/local/surroundings.ts";
import type { Plan } from "../plan/types.ts";
import type { RunSummary, Store } from "../store/store.ts";
import type { Project } from "../util/project.ts";
import { continuedRun, type ContinuedRun } from "./continued-run.ts";
import { exitCode, UsageError, type ExitCode } from "./exit-code.ts";
import { untilEnd, type RunShape } from "./follow-run.ts";
import type { Terminal } from "./terminal.ts";
import { leftBehind } from "./view/left-behind.ts";

const SHAPE: RunShape = { format: "auto", logLevel: "silent" };

/** A run that nobody runs and that is to be stopped. */
export interface Killed {
  readonly terminal: Terminal;
  readonly project: Project;
  readonly store: Store;
  readonly summary: RunSummary;
  /** As it ran: what was written since has no say in how it ends. */
  readonly plan: Plan;
}

/** The end of such a run, with what is to be done when it stops. */
export interface LastStart {
  /** Takes the run and ends it; null = somebody else took it meanwhile. The stop is in its inbox before. */
  go(): Promise<ExitCode | null>;
}

/** Whether anything of the plan is to run when it is stopped: `finally`, of the workflow or of one that it uses. */
export function hasFinally(plan: Plan): boolean {
  return plan.scopes.some(({ steps }) => steps.some(({ isFinally }) => isFinally));
}

/** Prepares it; UsageError: what its steps need is not there. */
export async function lastStart(killed: Killed): Promise<LastStart> {
  const { terminal, project, store, summary, plan } = killed;
  const { choice } = summary.frozen as unknown as Frozen;
  const again = {
    file: resolve(project.root, summary.manifestPath),
    plan,
    only: (choice["only"] ?? []) as readonly string[],
  };
  const going = await continuedRun(again, { terminal, project, store, summary, shape: SHAPE, concurrency: null });
  const prepared = prepareResume(summary, plan, new Set(), going.around);
  if (prepared.ok) return { go: () => stopped(killed, going, prepared.value) };
  going.reporter.close();
  throw new UsageError(prepared.error.message);
}

async function stopped(
  { terminal, project, store, summary: { runId } }: Killed,
  { attendant, reporter }: ContinuedRun,
  prepared: Resume,
): Promise<ExitCode | null> {
  const taken = prepared.take();
  if (!taken.ok) {
    reporter.close();
    return null;
  }
  const left = await stopLeftBehind(project, runId);
  const run = taken.value.go();
  attendant?.attend({ run, store, runId });
  const { signal, outcome } = await untilEnd(run, reporter);
  if (outcome.status === "not_saved" || outcome.status === "lease_lost")
    throw new UsageError(outcome.failure.message, exitCode.runFailed);
  if (signal !== null && outcome.status === "interrupted") {
    terminal.err(`interrupted before ${runId} had ended: 'muster resume ${runId}' goes on with 'finally'\n`);
    return exitCode.interrupted;
  }
  if (outcome.status === "waiting") {
    terminal.err(`'finally' of ${runId} waits: 'muster show ${runId}' tells for what\n`);
    return exitCode.waiting;
  }
  const programs = left === 0 ? "" : `, ${leftBehind(left)}`;
  terminal.err(`${runId} is ${outcome.status}; nobody was running it, so its 'finally' ran here${programs}\n`);
  return exitCode.succeeded;
}
