import { findProject } from "../../util/project.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { findRun, openForReading } from "../find-run.ts";
import { saveReport } from "../follow-run.ts";
import { givenAnswers } from "../given-answer.ts";
import { openWaits } from "../open-wait.ts";
import { readStoredRun } from "../stored-run.ts";
import type { Terminal } from "../terminal.ts";
import { runPage } from "../view/run-page.ts";

export interface ShowOptions {
  readonly json?: boolean;
  readonly state?: string;
  /** Write the report there too: `muster resume --report` of a run that is over. */
  readonly report?: string;
}

/** `muster show [RUN]` */
export async function run(terminal: Terminal, [name]: readonly string[], options: ShowOptions): Promise<ExitCode> {
  const project = findProject(terminal.cwd, options.state ?? null);
  const store = openForReading(project);
  try {
    const summary = findRun(store, name);
    const stored = readStoredRun(store, summary, project);
    const { plan, record, end, facts, read } = stored;
    if (options.report !== undefined) saveReport(stored.report(), options.report, summary.runId, terminal);
    if (options.json === true) terminal.out(`${JSON.stringify(stored.report(), null, 2)}\n`);
    else {
      const isOver = end.status === "succeeded" || end.status === "failed" || end.status === "cancelled";
      const waits = isOver ? [] : openWaits(store, summary.runId);
      const answers = givenAnswers(store, summary.runId);
      terminal.out(runPage({ summary, plan, record, end, facts, waits, answers, read }, terminal.outColor));
    }
    return exitCode.succeeded;
  } finally {
    store.close();
  }
}
