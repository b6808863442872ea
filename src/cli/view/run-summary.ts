import type { Colors } from "picocolors/types.js";
import { printable } from "../../diagnostic/printable.ts";
import type { OpenWait, RunOutcome } from "../../engine/local/run-outcome.ts";
import type { Plan } from "../../plan/types.ts";
import { labelOf, typedLabel } from "../../run/attempt-key.ts";
import type { Failure } from "../../run/failure.ts";
import { budgetTexts, isBounded } from "./budget-lines.ts";
import { ratedScope, type ScopeRecord, type StepRecord } from "../../run/state.ts";
import { answerCommands } from "./question.ts";
import { withRetryHelp } from "./retry-help.ts";
import { formatElapsed, formatTokens, formatUsd } from "../../util/format.ts";

/** What is said of a run before and after it. */
export interface ShownRun {
  readonly runId: string;
  readonly plan: Plan;
  /** Where replayed answers come from; null = live. */
  readonly origin: "recorded" | "scripted" | null;
  /** Models are asked for the answers that the recording lacks: `--update`. Default false. */
  readonly completes?: boolean;
  /** No model was asked and nothing was done. */
  readonly simulated: boolean;
  readonly file: string;
  /** The steps of `--only`; none = all of the file. */
  readonly only: readonly string[];
}

/** The lines before a run starts: what runs, under which name, and where its answers come from. */
export function runHeader(
  { plan, runId, origin, completes = false, simulated, file, only }: ShownRun,
  color: Colors,
): string {
  const { name, version } = plan.workflow;
  const note = simulated ? SIMULATED : origin === null ? null : completes ? COMPLETED : replayNote(origin);
  const what = `${color.bold(printable(name))}${version === null ? "" : ` ${version}`}`;
  const subset = only.length === 0 ? "" : color.yellow(`Only ${only.map(printable).join(", ")}, and what they need.\n`);
  const told = note === null ? "" : color.yellow(`${note}\n`);
  return `${what}  ${color.dim(`${file}  run ${runId}`)}\n${subset}${told}`;
}

const SIMULATED = "Simulated: no model is asked, nothing is done; outputs are made up.";

const COMPLETED = "The answers are recorded; models are asked for those that the recording lacks.";

/** Says that no model was asked. */
export function replayNote(origin: "recorded" | "scripted"): string {
  return origin === "scripted"
    ? "The answers are scripted: written by hand, no model is asked."
    : "The answers are recorded: replayed from an earlier run, no model is asked.";
}

/** The lines after a run: how it ended, the slowest step, the spend, and what to do when it failed. */
export function runSummary(outcome: RunOutcome, followed: ShownRun, color: Colors): string {
  const { usage, costUsd } = outcome.spend;
  const steps = outcome.record.steps;
  const lines = [
    `${statusText(outcome.status, color)} in ${formatElapsed(outcome.activeMs)}  ${color.dim(stepCounts(steps))}`,
  ];
  lines.push(...ratingLines(outcome.record, followed.plan).map((line) => color.dim(`  ${line}`)));
  const slowest = slowestStep(steps);
  if (slowest !== null)
    lines.push(color.dim(`  slowest  ${printable(slowest.path)} ${formatElapsed(durationOf(slowest))}`));
  if (usage.calls > 0) {
    const calls = `${usage.calls} call${usage.calls === 1 ? "" : "s"}`;
    const tokens = `${formatTokens(usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens)} tokens in, ${formatTokens(usage.outputTokens)} out`;
    const spend =
      followed.origin === null
        ? formatUsd(costUsd)
        : followed.completes === true
          ? `${formatUsd(costUsd)} with what the recorded answers had taken`
          : `${formatUsd(costUsd)} had it been live (${followed.origin} answers)`;
    lines.push(color.dim(`  spend    ${calls}, ${tokens}, ${spend}`));
  }
  const bounded = outcome.budgets.filter(isBounded);
  for (const text of budgetTexts(bounded, outcome.record)) lines.push(color.dim(`  budget   ${text}`));
  if (outcome.failure !== null) {
    const failed = steps.find(({ status, caught }) => status === "failed" && !caught);
    const isOfStep = failed?.failure?.class === outcome.failure.class;
    const why = isOfStep ? withRetryHelp(outcome.failure, failed.path, followed.plan) : outcome.failure;
    lines.push(...failureLines(why, color));
  }
  if (outcome.status === "waiting") lines.push(...waitLines(outcome.waitsFor, followed.runId, color));
  const said = lastWords(steps);
  if (outcome.failure?.class === "exit" && said !== null) lines.push(`  ${color.red("said")}     ${printable(said)}`);
  if (outcome.status !== "succeeded" && outcome.status !== "cancelled")
    lines.push(color.dim(`  next     muster show ${followed.runId}   ${resumeCommand(followed.runId, steps)}`));
  return `${lines.join("\n")}\n`;
}

/** What a run waits for, and what to do about each. */
function waitLines(waits: readonly OpenWait[], runId: string, color: Colors): string[] {
  const lines = waits.slice(0, SHOWN_WAITS).flatMap(({ path, what }) => {
    const help = what.kind === "approval" ? answerCommands(runId, path, what) : what.help;
    return [
      `  ${color.yellow("waits")}    ${printable(`${path}: ${what.message}`)}`,
      ...(help === null ? [] : [`  ${color.cyan("help")}     ${printable(help)}`]),
    ];
  });
  const more = waits.length - SHOWN_WAITS;
  return more <= 0 ? lines : [...lines, color.dim(`  and ${more} more`)];
}

const SHOWN_WAITS = 10;

/** The variant that was taken, and the score; nothing where there is neither. */
export function ratingLines(record: ScopeRecord, plan: Plan): string[] {
  const { score, scoreProblem } = ratedScope(record, plan);
  const lines = plan.variant === undefined ? [] : [`variant  ${plan.variant}`];
  if (score !== null) lines.push(`score    ${score}`);
  if (scoreProblem !== null) lines.push(`score    not computed: ${printable(scoreProblem)}`);
  return lines;
}

/** How to go on: a step whose outcome nobody knows is only repeated when it is named. */
export function resumeCommand(runId: string, steps: readonly StepRecord[]): string {
  const unknown = unknownStep(steps);
  return `muster resume ${runId}${unknown === null ? "" : ` --rerun ${unknown}`}`;
}

/** The path of the first step whose outcome nobody knows: the one inside, not the group that failed by it. */
function unknownStep(steps: readonly StepRecord[]): string | null {
  for (const { path, failure, inner, items } of steps) {
    for (const scope of [inner, ...(items ?? []).map((item) => item.inner)]) {
      const inside = scope === null ? null : unknownStep(scope.steps);
      if (inside !== null) return inside;
    }
    const item = (items ?? []).findIndex(({ failure: why }) => why?.code === "outcome_unknown");
    const name = item >= 0 ? labelOf({ path, item }) : failure?.code === "outcome_unknown" ? path : null;
    if (name !== null) return typedLabel(name);
  }
  return null;
}

/** What failed and what to do about it. */
export function failureLines({ class: failureClass, message, help }: Failure, color: Colors): string[] {
  // A miss of a recording shows what differs, line by line.
  const [first = "", ...more] = message.split("\n");
  const lines = [`  ${color.red("error")}    ${printable(`${failureClass}: ${first}`)}`];
  for (const line of more.slice(0, SHOWN_LINES)) lines.push(`           ${diffLine(line, color)}`);
  if (more.length > SHOWN_LINES)
    lines.push(color.dim(`           and ${more.length - SHOWN_LINES} lines more: muster show`));
  if (help !== null) lines.push(`  ${color.cyan("help")}     ${printable(help)}`);
  return lines;
}

/** Of a message of many lines. */
const SHOWN_LINES = 30;

function diffLine(line: string, color: Colors): string {
  const text = printable(line);
  const sign = text.trimStart()[0];
  return sign === "-" ? color.red(text) : sign === "+" ? color.green(text) : text;
}

/** What the program whose end failed the run printed last, which is most often the reason; null when it said nothing. */
function lastWords(steps: readonly StepRecord[]): string | null {
  const step = steps.find(({ status, caught }) => status === "failed" && !caught);
  return step?.failure?.partial?.trimEnd().split("\n").at(-1)?.slice(0, 500) ?? null;
}

export function statusText(status: string, color: Colors): string {
  if (status === "succeeded") return color.green(status);
  return status === "failed" || status === "not_saved" || status === "lease_lost"
    ? color.red(status.replace("_", " "))
    : color.yellow(status);
}

function stepCounts(steps: readonly StepRecord[]): string {
  const counts = new Map<string, number>();
  for (const { status, caught } of steps) {
    const name = caught ? "failed and caught" : status;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([status, count]) => `${count} ${status}`).join(", ");
}

function slowestStep(steps: readonly StepRecord[]): StepRecord | null {
  let slowest: StepRecord | null = null;
  for (const step of steps) if (slowest === null || durationOf(step) > durationOf(slowest)) slowest = step;
  return slowest !== null && durationOf(slowest) > 0 ? slowest : null;
}

function durationOf({ startedAt, endedAt }: StepRecord): number {
  return startedAt === null || endedAt === null ? 0 : endedAt - startedAt;
}
