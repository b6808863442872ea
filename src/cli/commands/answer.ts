import { hasState, mayTake, openStore } from "../../compose.ts";
import type { Answer } from "../../run/answer.ts";
import { isNamed } from "../../run/attempt-key.ts";
import type { WaitsFor } from "../../run/waits-for.ts";
import type { RunSummary, Store } from "../../store/store.ts";
import { systemClock } from "../../util/clock.ts";
import { isJsonObject, jsonText } from "../../util/json.ts";
import { findProject } from "../../util/project.ts";
import { answererOf, inputOf, postAnswer } from "../answer.ts";
import { exitCode, UsageError, type ExitCode } from "../exit-code.ts";
import { findRun } from "../find-run.ts";
import { refuseInsideStep } from "../inside-step.ts";
import { openWaits, placeOf } from "../open-wait.ts";
import type { Terminal } from "../terminal.ts";

export interface AnswerOptions {
  readonly as?: string;
  readonly comment?: string;
  readonly input?: string;
  readonly state?: string;
}

/** How long the runner may take to read an answer before this process stops to look. */
const READ_MS = 5_000;
const POLL_MS = 100;

/** `muster approve RUN STEP` */
export function approve(terminal: Terminal, args: readonly string[], options: AnswerOptions): Promise<ExitCode> {
  return answer("approved", terminal, args, options);
}

/** `muster reject RUN STEP` */
export function reject(terminal: Terminal, args: readonly string[], options: AnswerOptions): Promise<ExitCode> {
  return answer("rejected", terminal, args, options);
}

/** Leaves an answer in the inbox of the run: its runner reads it, now or when it is resumed. The first one counts. */
async function answer(
  verdict: Answer["verdict"],
  terminal: Terminal,
  [name, step]: readonly string[],
  options: AnswerOptions,
): Promise<ExitCode> {
  refuseInsideStep(verdict === "approved" ? "approve" : "reject", terminal);
  const project = findProject(terminal.cwd, options.state ?? null);
  if (!hasState(project)) throw new UsageError(`there is no state in ${project.statePath}`);
  const store = openStore(project, { readOnly: false });
  try {
    const summary = findRun(store, name);
    const { runId } = summary;
    const what = chooseOpen(store, summary, step);
    const path = placeOf(what);
    const at = systemClock.now();
    if (what.deadline !== null && at > what.deadline)
      throw new UsageError(
        `'${path}' of run ${runId} could be answered until ${new Date(what.deadline).toISOString()}`,
      );
    const given: Answer = {
      request: what.request,
      path,
      verdict,
      ...(await answererOf(what, summary, options.as, terminal.env)),
      comment: options.comment ?? null,
      input: verdict === "approved" ? inputOf(what, options.input, path) : null,
      at,
    };
    const seq = store.lastSeq(runId);
    postAnswer(store, runId, given);
    const who = given.identity === undefined ? "" : ` as ${given.by}`;
    const done = `${verdict} '${path}' of run ${runId}${who}`;
    const winner = isLive(store, runId) ? await outcomeOf(store, runId, given.request, seq) : null;
    if (winner === null) {
      terminal.err(`${done}; nobody runs it now, so it goes on with: muster resume ${runId}\n`);
      return exitCode.succeeded;
    }
    if (winner !== verdict)
      throw new UsageError(
        `'${path}' of run ${runId} is ${winner.replace("_", " ")} already: this answer does not count`,
      );
    const left = openWaits(store, runId).filter(({ kind }) => kind === "approval").length;
    terminal.err(`${done}: it goes on${left === 0 ? "" : `; ${left} more to answer: muster show ${runId}`}\n`);
    return exitCode.succeeded;
  } finally {
    store.close();
  }
}

function chooseOpen(store: Store, { runId, status }: RunSummary, step: string | undefined): WaitsFor {
  if (status === "succeeded" || status === "failed" || status === "cancelled")
    throw new UsageError(`run ${runId} is over: it ${status === "cancelled" ? "was cancelled" : status}`);
  const open = openWaits(store, runId).filter(({ kind }) => kind === "approval");
  const named = step === undefined ? open : open.filter((what) => isNamed(placeOf(what), step));
  const [only, second] = named;
  const list = (waits: readonly WaitsFor[]): string => waits.map(placeOf).join(", ");
  if (only !== undefined && second === undefined) return only;
  if (only !== undefined) throw new UsageError(`name one of the questions of run ${runId}: ${list(named)}`);
  const answered = step === undefined ? null : lastAnswer(store, runId, step);
  if (answered !== null) throw new UsageError(`'${step}' of run ${runId} was ${answered} already`);
  throw new UsageError(
    open.length === 0
      ? `run ${runId} asks nobody anything now`
      : `run ${runId} has no open question '${step}': there ${open.length === 1 ? "is" : "are"} ${list(open)}`,
  );
}

/** How a question of this name was answered last: `approved by ann`; null = never. */
function lastAnswer(store: Store, runId: string, name: string): string | null {
  let last: string | null = null;
  for (const { type, step = "", item, data = {} } of store.readEvents(runId)) {
    if (type !== "approval.answered" || !isNamed(item === undefined ? step : `${step}[${item}]`, name)) continue;
    const by = data["by"] ?? null;
    last = `${jsonText(data["verdict"]).replace("_", " ")}${by === null ? "" : ` by ${jsonText(by)}`}`;
  }
  return last;
}

function isLive(store: Store, runId: string): boolean {
  const lease = store.findRun(runId)?.lease ?? null;
  return lease !== null && !mayTake(systemClock)(lease);
}

/** What the runner made of the question; null when it is gone, or does not say in time. */
async function outcomeOf(store: Store, runId: string, request: string, after: number): Promise<string | null> {
  const until = systemClock.monotonic() + READ_MS;
  for (;;) {
    const isStillLive = isLive(store, runId);
    for (const { type, data } of store.readEvents(runId, { after }))
      if (type === "approval.answered" && isJsonObject(data) && data["request"] === request)
        return jsonText(data["verdict"]);
    if (!isStillLive || systemClock.monotonic() > until) return null;
    await new Promise<void>((resolve) => systemClock.after(POLL_MS, resolve));
  }
}
