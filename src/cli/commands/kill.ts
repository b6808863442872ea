import { hasState, mayTake, openStore, stopLeftBehind, thisOwner } from "../../compose.ts";
import { cancelBatches, openBatches } from "../../compose/open-batches.ts";
import type { Plan } from "../../plan/types.ts";
import type { Store } from "../../store/store.ts";
import { findProject } from "../../util/project.ts";
import { planOfRun } from "../../engine/local/read-run.ts";
import { stepPaths } from "../../plan/step-paths.ts";
import { idsOfPath, stepOfChild } from "../../run/attempt-key.ts";
import { systemClock } from "../../util/clock.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { findRun } from "../find-run.ts";
import { hasFinally, lastStart } from "../killed-run.ts";
import type { Terminal } from "../terminal.ts";
import { leftBehind } from "../view/left-behind.ts";

/**
 * `muster kill RUN [STEP]`: a live run is told through its inbox. One whose runner is gone is stopped here, in a last
 * start for its `finally` where there is one.
 */
export async function run(
  terminal: Terminal,
  [name, step]: readonly string[],
  options: { readonly state?: string },
): Promise<ExitCode> {
  const project = findProject(terminal.cwd, options.state ?? null);
  if (!hasState(project)) throw new UsageError(`there is no state in ${project.statePath}`);
  const store = openStore(project, { readOnly: false });
  try {
    const summary = findRun(store, name);
    const { runId, status } = summary;
    if (status === "succeeded" || status === "failed" || status === "cancelled")
      throw new UsageError(`run ${runId} is over: it ${status === "cancelled" ? "was cancelled" : status}`);
    const plan = planOfRun(store, runId);
    if (step !== undefined && (plan === null || !stepPaths(plan).includes(idsOfPath(stepOfChild(step)))))
      throw new UsageError(`run ${runId} has no step '${step}'`);
    const stop = () => store.post(runId, { at: systemClock.now(), kind: "kill", body: { step: step ?? null } });
    const told = (pid: number, host: string): ExitCode => {
      terminal.err(`told the runner (pid ${pid} on ${host}) to stop ${step === undefined ? runId : `step ${step}`}\n`);
      return exitCode.succeeded;
    };
    const lease = store.acquireLease(runId, thisOwner(systemClock), mayTake(systemClock));
    if (!lease.ok) {
      stop();
      return told(lease.owner.pid, lease.owner.host);
    }
    if (step !== undefined) {
      store.releaseLease(lease.lease);
      throw new UsageError(
        `nobody runs ${runId} now, so step '${step}' cannot be stopped: 'muster resume ${runId}' goes on with it`,
      );
    }
    const batches = plan === null ? "" : await endBatches(store, runId, plan, terminal.env);
    let why = "";
    if (plan !== null && hasFinally(plan)) {
      const last = await lastStart({ terminal, project, store, summary, plan }).catch(usageError);
      if (!(last instanceof UsageError)) {
        // On the record first: whoever runs it next, stops it.
        stop();
        store.releaseLease(lease.lease);
        const code = await last.go();
        if (code !== null) {
          if (batches !== "") terminal.err(`${batches}\n`);
          return code;
        }
        const owner = findRun(store, runId).lease;
        if (owner !== null) return told(owner.pid, owner.host);
        terminal.err(`another command ran ${runId} meanwhile: 'muster show ${runId}' tells how it stands\n`);
        return exitCode.succeeded;
      }
      why = `; its 'finally' did not run: ${last.message}`;
    }
    const stopped = await stopLeftBehind(project, runId);
    const data = {
      status: "cancelled",
      error: { class: "cancelled", code: "killed", message: "the run was stopped on request" },
    };
    store.commit(lease.lease, {
      events: [{ seq: store.lastSeq(runId) + 1, at: systemClock.now(), type: "run.finished", data }],
      facts: [],
      status: "cancelled",
    });
    store.releaseLease(lease.lease);
    terminal.err(
      `${runId} is cancelled; nobody was running it${stopped === 0 ? "" : `, ${leftBehind(stopped)}`}${why}\n`,
    );
    if (batches !== "") terminal.err(`${batches}\n`);
    return exitCode.succeeded;
  } finally {
    store.close();
  }
}

/** What it handed in to be answered later is not wanted any more; tells what became of it. */
async function endBatches(store: Store, runId: string, plan: Plan, env: Terminal["env"]): Promise<string> {
  const ids = openBatches(store, runId);
  if (ids.length === 0) return "";
  const named = `batch${ids.length === 1 ? "" : "es"} ${ids.join(", ")}`;
  const why = await cancelBatches(ids, plan, env, systemClock);
  if (why === null) return `the provider was asked to stop ${named}; what it had answered by then is paid`;
  return `${named}: not stopped, and paid as far as it is answered: ${why}`;
}

function usageError(error: unknown): UsageError {
  if (error instanceof UsageError) return error;
  throw error;
}
