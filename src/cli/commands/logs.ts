import { findProject } from "../../util/project.ts";
import type { StoredEvent } from "../../run/event.ts";
import { eventJson } from "../../run/event-json.ts";
import type { Store } from "../../store/store.ts";
import { systemClock } from "../../util/clock.ts";
import { suggest } from "../../diagnostic/suggest.ts";
import { planOfRun } from "../../engine/local/read-run.ts";
import { stepPaths } from "../../plan/step-paths.ts";
import { idsOfPath, isNamed } from "../../run/attempt-key.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { findRun, openForReading } from "../find-run.ts";
import { standing } from "../standing.ts";
import type { Terminal } from "../terminal.ts";
import { eventLine } from "../view/event-line.ts";

export interface LogsOptions {
  readonly follow?: boolean;
  readonly json?: boolean;
  readonly state?: string;
}

const POLL_MS = 200;

/** `muster logs [RUN] [STEP]` */
export async function run(
  terminal: Terminal,
  [name, step]: readonly string[],
  options: LogsOptions,
): Promise<ExitCode> {
  const store = openForReading(findProject(terminal.cwd, options.state ?? null));
  try {
    const { runId } = findRun(store, name);
    if (step !== undefined) requireStep(store, runId, step);
    const show = (event: StoredEvent): void => {
      if (step !== undefined && !(event.step !== undefined && isNamed(event.step, step))) return;
      terminal.out(`${options.json === true ? JSON.stringify(eventJson(runId, event)) : eventLine(runId, event)}\n`);
    };
    let seq = showAfter(store, runId, 0, show);
    while (options.follow === true && isLive(store, runId)) {
      await new Promise<void>((resolve) => systemClock.after(POLL_MS, resolve));
      seq = showAfter(store, runId, seq, show);
    }
    showAfter(store, runId, seq, show);
    return exitCode.succeeded;
  } finally {
    store.close();
  }
}

/** UsageError when the run has no such step; a run that has not begun is not known well enough to say so. */
function requireStep(store: Store, runId: string, step: string): void {
  const plan = planOfRun(store, runId);
  const paths = plan === null ? [idsOfPath(step)] : stepPaths(plan);
  if (paths.includes(idsOfPath(step))) return;
  const near = suggest(step, paths);
  throw new UsageError(
    `run ${runId} has no step '${step}'${near === null ? `: it has ${paths.join(", ")}` : `; did you mean '${near}'?`}`,
  );
}

function showAfter(store: Store, runId: string, after: number, show: (event: StoredEvent) => void): number {
  let seq = after;
  for (const event of store.readEvents(runId, { after })) {
    show(event);
    seq = event.seq;
  }
  return seq;
}

function isLive(store: Store, runId: string): boolean {
  const summary = store.findRun(runId);
  return summary !== null && standing(summary) === "running";
}
