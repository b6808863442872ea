import { resolve } from "node:path";
import { readingTools, workspaceOf } from "../../compose.ts";
import { findProject } from "../../util/project.ts";
import { planOfRun, readRun } from "../../engine/local/read-run.ts";
import type { Frozen } from "../../engine/local/surroundings.ts";
import { budgetLines } from "../../run/budget/line.ts";
import { report } from "../../run/report.ts";
import { stopOpenSteps, waitInOpenSteps } from "../../run/state.ts";
import type { StoredEvent } from "../../run/event.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { ValueRef } from "../../run/value-ref.ts";
import type { RunSummary, Store } from "../../store/store.ts";
import { systemClock } from "../../util/clock.ts";
import { isJsonObject, jsonText, type Json } from "../../util/json.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { findRun, openForReading } from "../find-run.ts";
import { readValue } from "../../engine/local/stored-value.ts";
import { saveReport } from "../follow-run.ts";
import { openWaits } from "../open-wait.ts";
import { standing } from "../standing.ts";
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
    const plan = planOfRun(store, summary.runId);
    if (plan === null)
      throw new UsageError(
        `run ${summary.runId} was created, but its runner stopped before anything began: 'muster resume ${summary.runId}'`,
      );
    // What has no time of its own on the record (a value) gets the run's last, not the time of this look at it.
    const clock = { ...systemClock, now: () => summary.updatedAt };
    const frozen = summary.frozen as unknown as Frozen;
    const simulated = frozen.choice["simulated"] === true;
    const tools = readingTools(workspaceOf(resolve(project.root, summary.manifestPath), project), simulated);
    const told = readRun(summary, plan, { store, ...tools, clock });
    if (!told.ok) throw new UsageError(told.error.message, exitCode.runFailed);
    const status = standing(summary);
    const { record, ending, facts } = told.value;
    if (status === "cancelled" || status === "failed") stopOpenSteps(record);
    if (status === "waiting") waitInOpenSteps(record);
    const end = {
      status,
      finishedAt: summary.updatedAt,
      durationMs: summary.activeMs,
      outputs: status === "succeeded" ? (ending?.outputs ?? null) : null,
      failure: runFailureOf(store, summary) ?? (status === "failed" ? (ending?.failure ?? null) : null),
      spend: facts.spend(),
      budgets: simulated ? [] : budgetLines(plan, facts),
      simulated,
      replayed: (frozen.choice["origin"] ?? null) as "recorded" | "scripted" | null,
    };
    const info = { runId: summary.runId, plan, startedAt: summary.startedAt, inputs: frozen.inputs };
    const read = (ref: ValueRef): Json => readValue(store, ref);
    if (options.report !== undefined)
      saveReport(report(info, record, end, read), options.report, summary.runId, terminal);
    if (options.json === true) terminal.out(`${JSON.stringify(report(info, record, end, read), null, 2)}\n`);
    else {
      const isOver = status === "succeeded" || status === "failed" || status === "cancelled";
      const waits = isOver ? [] : openWaits(store, summary.runId);
      terminal.out(runPage({ summary, plan, record, end, facts, waits, read }, terminal.outColor));
    }
    return exitCode.succeeded;
  } finally {
    store.close();
  }
}

/** What the run's last end said, if it failed. */
function runFailureOf(store: Store, { runId }: RunSummary): Failure | null {
  let last: StoredEvent | null = null;
  for (const event of store.readEvents(runId))
    if (event.type === "run.finished" || event.type === "run.started") last = event;
  const error = last?.type === "run.finished" ? last.data?.["error"] : null;
  if (!isJsonObject(error)) return null;
  return failure(error["class"] as Failure["class"], jsonText(error["code"]), jsonText(error["message"]));
}
