import { labelOf } from "../../run/attempt-key.ts";
import { hasState, mayTake, openStore, stopLeftBehind } from "../../compose.ts";
import { prepareRetry } from "../../engine/local/retry.ts";
import { deadLetterId, type KeptLetter } from "../../run/dead-letter.ts";
import type { Failure } from "../../run/failure.ts";
import { systemClock } from "../../util/clock.ts";
import { findProject } from "../../util/project.ts";
import { continuedRun, heldBy, plannedAgain } from "../continued-run.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { findLetter } from "../find-letter.ts";
import { isJson, untilEnd, type RunShape } from "../follow-run.ts";
import type { Terminal } from "../terminal.ts";
import { leftBehind } from "../view/left-behind.ts";
import { failureLines } from "../view/run-summary.ts";

export interface RetryOptions extends RunShape {
  readonly state?: string;
  /** What may have taken effect is repeated all the same. */
  readonly rerun?: boolean;
}

/** `muster dead-letters retry LETTER`: runs one unit again. Exit code 1 when it fails again. */
export async function retry(
  terminal: Terminal,
  [name = ""]: readonly string[],
  options: RetryOptions,
): Promise<ExitCode> {
  const project = findProject(terminal.cwd, options.state ?? null);
  if (!hasState(project)) throw new UsageError(`there is no state in ${project.statePath}`);
  const store = openStore(project, { readOnly: false });
  try {
    const letter = findLetter(store, name);
    const { runId, key } = letter;
    const unit = labelOf(letter);
    const summary = store.findRun(runId);
    if (summary === null) throw new UsageError(`there is no run ${runId} any more`);
    if (summary.status === "cancelled")
      throw new UsageError(`run ${runId} was cancelled and cannot go on: what came of '${unit}' would be of no use`);
    if (summary.lease !== null && !mayTake(systemClock)(summary.lease)) throw heldBy(runId, summary.lease);

    const again = plannedAgain({ terminal, project, summary, budget: null });
    const going = await continuedRun(again, { terminal, project, store, summary, shape: options, concurrency: null });
    const prepared = prepareRetry(summary, going.plan, letter, options.rerun === true, going.around);
    if (!prepared.ok) {
      going.reporter.close();
      const { message, help } = inDoubt(prepared.error, letter);
      throw new UsageError(help === null ? message : `${message}; ${help}`, exitCode.runFailed);
    }
    terminal.err(`retry ${unit} of run ${runId}, alone\n`);
    if (prepared.value.hasChanged)
      terminal.err(`the manifest has changed since: '${unit}' runs as it is written now\n`);
    const taken = prepared.value.take();
    if (!taken.ok) throw heldBy(runId, taken.error);
    const stopped = await stopLeftBehind(project, runId);
    if (stopped > 0) terminal.err(`${leftBehind(stopped)}\n`);
    const run = taken.value.go();
    going.attendant?.attend({ run, store, runId });
    const { signal, outcome } = await untilEnd(run, going.reporter);
    if (outcome.failure !== null) throw new UsageError(outcome.failure.message, exitCode.runFailed);
    const left = store.listDeadLetters(runId).find((one) => one.key === key);
    if (signal !== null) {
      terminal.err(`interrupted: 'muster resume ${runId}' goes on with it\n`);
      return exitCode.interrupted;
    }
    if (outcome.status === "waiting") {
      terminal.err(`${unit} waits: 'muster resume ${runId}' goes on with it\n`);
      return exitCode.waiting;
    }
    if (left === undefined) {
      terminal.err(`${unit} succeeded: 'muster resume ${runId}' goes on with what came of it\n`);
      return exitCode.succeeded;
    }
    if (!isJson(options))
      terminal.err(`${unit} failed again\n${failureLines(inDoubt(left.failure, left), terminal.color).join("\n")}\n`);
    terminal.err(`its letter is still ${deadLetterId(left)}; the run stands as before\n`);
    return exitCode.runFailed;
  } finally {
    store.close();
  }
}

/** What may have taken effect is repeated on a person's word alone: how it is given. */
function inDoubt(why: Failure, letter: KeptLetter): Failure {
  if (why.code !== "outcome_unknown") return why;
  const again = `muster dead-letters retry ${deadLetterId(letter)} --rerun`;
  return { ...why, help: `see what it did; to run it again: ${again}` };
}
