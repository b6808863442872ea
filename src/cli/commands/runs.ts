import { findProject } from "../../util/project.ts";
import type { RunSummary } from "../../store/store.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { openForReading } from "../find-run.ts";
import { standing } from "../standing.ts";
import type { Terminal } from "../terminal.ts";
import { runLines } from "../view/run-line.ts";

export interface RunsOptions {
  readonly limit: number;
  readonly json?: boolean;
  readonly state?: string;
}

/** `muster runs` */
export async function run(terminal: Terminal, _args: readonly string[], options: RunsOptions): Promise<ExitCode> {
  const store = openForReading(findProject(terminal.cwd, options.state ?? null));
  try {
    const runs = store.listRuns({ limit: options.limit });
    if (options.json === true) terminal.out(`${JSON.stringify(runs.map(runJson), null, 2)}\n`);
    else terminal.out(runLines(runs, terminal.outColor));
    return exitCode.succeeded;
  } finally {
    store.close();
  }
}

function runJson(summary: RunSummary) {
  const { runId, workflow, workflowVersion, manifestPath, startedAt, updatedAt, epoch, activeMs } = summary;
  return {
    run_id: runId,
    workflow,
    workflow_version: workflowVersion,
    file: manifestPath,
    status: standing(summary),
    started_at: new Date(startedAt).toISOString(),
    updated_at: new Date(updatedAt).toISOString(),
    starts: epoch,
    active_ms: Math.round(activeMs),
  };
}
