import type { Colors } from "picocolors/types.js";
import { printable } from "../../diagnostic/printable.ts";
import type { FactIndex } from "../../engine/local/fact-index.ts";
import type { Plan } from "../../plan/types.ts";
import { isAttemptKey, pathOfKey } from "../../run/attempt-key.ts";
import type { Fact } from "../../run/fact.ts";
import { identityOf, nameOf } from "../../run/identity.ts";
import type { ReportEnd } from "../../run/report.ts";
import type { ScopeRecord, StepRecord } from "../../run/state.ts";
import type { WaitsFor } from "../../run/waits-for.ts";
import { stepArtifacts } from "../../run/step-value.ts";
import type { ValueRef } from "../../run/value-ref.ts";
import type { RunSummary } from "../../store/store.ts";
import { formatBytes, formatElapsed, formatTokens, formatUsd } from "../../util/format.ts";
import { isJsonObject, type Json } from "../../util/json.ts";
import { budgetTexts } from "./budget-lines.ts";
import type { GivenAnswer } from "../given-answer.ts";
import { placeOf } from "../open-wait.ts";
import { answerCommands, questionLines } from "./question.ts";
import { stepLines } from "./step-lines.ts";
import { withRetryHelp } from "./retry-help.ts";
import { failureLines, ratingLines, replayNote, resumeCommand, statusText } from "./run-summary.ts";

export interface RunView {
  readonly summary: RunSummary;
  readonly plan: Plan;
  readonly record: ScopeRecord;
  readonly end: ReportEnd;
  readonly facts: FactIndex;
  /** What it waits for that only somebody outside can give. */
  readonly waits: readonly WaitsFor[];
  /** What people said. */
  readonly answers: readonly GivenAnswer[];
  readonly read: (ref: ValueRef) => Json;
}

/** Lines of an output or of what came before a failure that are shown. */
const SHOWN_LINES = 12;
const SHOWN_ITEMS = 20;

/** One run for a person: what it did, what each step cost, why it failed, what to do next. */
export function runPage(view: RunView, color: Colors): string {
  const { summary, plan, record, end } = view;
  const { usage, costUsd } = end.spend;
  const lines = [
    `${color.bold(printable(plan.workflow.name))}${plan.workflow.version === null ? "" : ` ${plan.workflow.version}`}  ${color.dim(`${summary.manifestPath}  run ${summary.runId}`)}`,
    `${statusText(end.status, color)}  ${formatElapsed(end.durationMs)} active in ${summary.epoch} start${summary.epoch === 1 ? "" : "s"}, since ${new Date(summary.startedAt).toISOString()}`,
  ];
  const initiator = isJsonObject(summary.frozen) ? identityOf(summary.frozen["initiator"]) : null;
  if (initiator !== null)
    lines.push(color.dim(printable(`started by ${nameOf(initiator)} (vouched for by ${initiator.issuer})`)));
  if (end.replayed !== null) lines.push(color.yellow(replayNote(end.replayed)));
  if (usage.calls > 0)
    lines.push(
      `${usage.calls} model call${usage.calls === 1 ? "" : "s"}, ${formatTokens(usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens)} tokens in, ${formatTokens(usage.outputTokens)} out, ${formatUsd(costUsd)}${end.replayed === null ? "" : ` had it been live (${end.replayed} answers)`}`,
    );
  for (const text of budgetTexts(end.budgets, record)) lines.push(color.dim(`budget of ${text}`));
  lines.push(...ratingLines(record, plan));
  lines.push("");
  for (const step of record.steps) lines.push(...stepLines(step, color));
  for (const what of view.waits) lines.push("", ...waitLines(what, summary.runId, color));
  lines.push(...answerLines(view.answers, color));
  const failed = record.steps.filter(({ status }) => status === "failed");
  for (const step of failed) lines.push("", ...failedStep(step, view, color));
  if (end.failure !== null && failed.length === 0) lines.push("", ...failureLines(end.failure, color));
  lines.push(...artifactLines(view, color));
  if (end.outputs !== null && Object.keys(end.outputs).length > 0) {
    lines.push("", color.bold("outputs"));
    for (const [name, value] of Object.entries(end.outputs)) lines.push(...valueLines(name, value, color));
  }
  lines.push(...nextLines(view, failed, color));
  return `${lines.join("\n")}\n`;
}

/** Who said what, and who vouched for them. */
function answerLines(answers: readonly GivenAnswer[], color: Colors): string[] {
  if (answers.length === 0) return [];
  const shown = answers.slice(0, SHOWN_ITEMS).map(({ place, verdict, by, comment, issuer }) => {
    const who = `${verdict} by ${by}${issuer === null ? "" : ` (vouched for by ${issuer})`}`;
    return `  ${printable(place)}  ${color.dim(printable(`${who}${comment === null ? "" : `: ${comment}`}`))}`;
  });
  const more = answers.length - shown.length;
  return ["", color.bold("answers"), ...shown, ...(more > 0 ? [color.dim(`  ... and ${more} more: muster logs`)] : [])];
}

/** A question, or a limit that was reached, and what to do about it. */
function waitLines(what: WaitsFor, runId: string, color: Colors): string[] {
  if (what.kind !== "approval") {
    const help = what.help === null ? [] : [`  ${color.cyan("help")}     ${printable(what.help)}`];
    return [color.bold(`waits: ${printable(what.message)}`), ...help];
  }
  const path = printable(placeOf(what));
  const answer = `  ${color.cyan("answer".padEnd(13))} ${answerCommands(runId, path, what)}`;
  return [color.bold(`'${path}' asks`), ...questionLines(what, color), answer];
}

/** A failed step: each attempt, what the model or program said, what to do. */
function failedStep(step: StepRecord, view: RunView, color: Colors): string[] {
  const lines = [color.bold(`why '${printable(step.path)}' failed`)];
  if (step.failure !== null) lines.push(...failureLines(withRetryHelp(step.failure, step.path, view.plan), color));
  const attempts = [...view.facts].filter(
    (fact) => isAttemptKey(fact.key) && pathOfKey(fact.key) === step.path && fact.failure !== null,
  );
  // The only attempt says again what the step says, unless it left something behind.
  const [only, second] = attempts;
  if (second === undefined && only?.failure?.partial === null && only.failure.message === step.failure?.message)
    return lines;
  for (const fact of attempts.slice(0, SHOWN_ITEMS)) lines.push(...attemptLines(fact, step, color));
  if (attempts.length > SHOWN_ITEMS)
    lines.push(
      color.dim(
        `  ... and ${attempts.length - SHOWN_ITEMS} more attempts: muster logs ${view.summary.runId} ${step.path}`,
      ),
    );
  return lines;
}

function attemptLines(fact: Fact, step: StepRecord, color: Colors): string[] {
  const why = fact.failure;
  if (why === null) return [];
  const number = fact.key.slice(fact.key.lastIndexOf(".") + 1);
  const item = step.items?.findIndex((entry) => entry.failure?.message === why.message) ?? -1;
  const where = item >= 0 ? `item ${item}, attempt ${number}` : `attempt ${number}`;
  const lines = [`  ${color.dim(where)}  ${printable(`${why.class}/${why.code}: ${why.message}`)}`];
  if (why.partial !== null) lines.push(...excerpt(why.partial).map((line) => `      ${color.dim("|")} ${line}`));
  return lines;
}

function valueLines(name: string, value: Json, color: Colors): string[] {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return [`  ${color.cyan(printable(name))}`, ...excerpt(text).map((line) => `    ${line}`)];
}

/** The files that the steps left behind, each with what it takes. */
function artifactLines({ record, read }: RunView, color: Colors): string[] {
  const all = record.steps.flatMap((step) => stepArtifacts(step, read).map((artifact) => ({ step, artifact })));
  if (all.length === 0) return [];
  const shown = all.slice(0, SHOWN_ITEMS).map(({ step, artifact: { path, bytes, url } }) => {
    const where = url === null ? "" : `  ${url}`;
    return `  ${printable(path)}  ${color.dim(`${formatBytes(bytes)}, by ${printable(step.path)}${where}`)}`;
  });
  const more = all.length - shown.length;
  return ["", color.bold("artifacts"), ...shown, ...(more > 0 ? [color.dim(`  ... and ${more} more: --json`)] : [])];
}

function excerpt(text: string): string[] {
  const lines = text.split("\n").map(printable);
  return lines.length <= SHOWN_LINES
    ? lines
    : [...lines.slice(0, SHOWN_LINES), `... ${lines.length - SHOWN_LINES} more lines`];
}

function nextLines({ summary, end }: RunView, failed: readonly StepRecord[], color: Colors): string[] {
  if (end.status === "succeeded" || end.status === "cancelled" || end.status === "running") return [];
  return ["", `${color.cyan("next")}  ${resumeCommand(summary.runId, failed)}`];
}
