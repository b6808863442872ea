import type { Colors } from "picocolors/types.js";
import { printable } from "../../diagnostic/printable.ts";
import {
  accountOf,
  newestPath,
  savingsOf,
  spendBy,
  splitRuns,
  stepRows,
  variantOf,
  versionOf,
  type Account,
  type CountedRun,
  type Quantiles,
  type RunGroup,
  type SpendRow,
} from "../../run/stats.ts";
import { formatElapsed, formatTokens, formatUsd } from "../../util/format.ts";

/** Rows that a table has at most. */
const MOST_ROWS = 15;

/** One workflow for a person. */
export function statsText({ workflow, mode, runs }: RunGroup, color: Colors): string {
  const account = accountOf(runs);
  const lines = [
    `${color.bold(printable(workflow))}${mode === "live" ? "" : color.yellow(`  ${mode}`)}  ${countsText(account)}`,
    ...totalLines(account, runs, mode !== "live"),
  ];
  const path = newestPath(runs);
  if (path !== null && path.steps.length > 0)
    lines.push(
      `  path      ${path.steps.map(({ step, ms }) => `${printable(step)} ${formatElapsed(ms)}`).join(", ")}  ${color.dim(`critical in ${path.runId}`)}`,
    );
  const variants = splitRuns(runs, variantOf);
  if (variants.some(({ name }) => name !== null)) lines.push(...splitLines("variant", variants, color));
  const versions = splitRuns(runs, versionOf);
  if (versions.length > 1) lines.push(...splitLines("version", versions, color));
  lines.push(
    ...spendLines("model", spendBy(runs, "model"), color),
    ...spendLines("agent", spendBy(runs, "agent"), color),
  );
  lines.push(...stepLines(runs, color));
  return `${lines.join("\n")}\n`;
}

function countsText({ runs, succeeded, failed, cancelled, unfinished, successRate }: Account): string {
  const parts = [
    `${runs} run${runs === 1 ? "" : "s"}`,
    ...(succeeded > 0 ? [`${succeeded} succeeded`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(cancelled > 0 ? [`${cancelled} cancelled`] : []),
    ...(unfinished > 0 ? [`${unfinished} unfinished`] : []),
  ];
  return `${parts.join(", ")}${successRate === null ? "" : `  ${rateText(successRate)} succeed`}`;
}

function totalLines(account: Account, runs: readonly CountedRun[], isUnpaid: boolean): string[] {
  const { wallMs, activeMs, waitingMs, cost, score } = account;
  const lines: string[] = [];
  if (wallMs !== null)
    lines.push(`  time      ${timeText(wallMs)}, active ${timeText(activeMs)}, waiting ${timeText(waitingMs)}`);
  if (cost.calls > 0) {
    const per =
      cost.perRun === null ? "" : `, a run p50 ${formatUsd(cost.perRun.p50)} p95 ${formatUsd(cost.perRun.p95)}`;
    const unknown = cost.unknownRuns === 0 ? "" : `, plus ${cost.unknownRuns} runs of unknown cost`;
    lines.push(
      `  cost      ${formatUsd(cost.totalUsd)}${per}${unknown}  ${cost.calls} calls, ${formatTokens(cost.tokens)} tokens${isUnpaid ? ", had it been live" : ""}`,
    );
  }
  if (score !== null)
    lines.push(
      `  score     ${numberText(score.mean)} on average, ${numberText(score.min)} to ${numberText(score.max)}`,
    );
  const saved = savingsOf(runs);
  if (saved !== null && !isUnpaid) lines.push(`  saved     ${numberText(saved.hours)} hours, ${formatUsd(saved.usd)}`);
  return lines;
}

function splitLines(
  what: string,
  parts: readonly { readonly name: string | null; readonly runs: readonly CountedRun[] }[],
  color: Colors,
): string[] {
  const rows = parts.map(({ name, runs }) => {
    const { successRate, wallMs, cost, score } = accountOf(runs);
    return [
      name ?? "(none)",
      String(runs.length),
      successRate === null ? "-" : rateText(successRate),
      timeText(wallMs),
      cost.perRun === null ? "-" : formatUsd(cost.perRun.p50),
      score === null ? "-" : numberText(score.mean),
    ];
  });
  return table([what, "runs", "succeed", "time", "cost p50", "score"], rows, color);
}

function spendLines(what: string, rows: readonly SpendRow[], color: Colors): string[] {
  if (rows.length === 0) return [];
  const cells = rows.map(({ name, calls, tokens, costUsd, isPartial }) => [
    name ?? "(earlier attempts)",
    String(calls),
    formatTokens(tokens),
    `${formatUsd(costUsd)}${isPartial ? " and more" : ""}`,
  ]);
  return table([what, "calls", "tokens", "cost"], cells, color);
}

function stepLines(runs: readonly CountedRun[], color: Colors): string[] {
  const spend = new Map(spendBy(runs, "step").map((row) => [row.name, row]));
  const rows = stepRows(runs);
  if (rows.length === 0) return [];
  const cells = rows.map(({ step, succeeded, failed, durationMs, criticalRuns, criticalMs, runs: count }) => {
    const cost = spend.get(step);
    return [
      step,
      failed === 0 ? String(succeeded) : `${succeeded}, ${failed} failed`,
      timeText(durationMs),
      criticalMs === null ? "-" : `${rateText(criticalRuns / count)}, ${formatElapsed(criticalMs)}`,
      cost === undefined ? "-" : `${formatUsd(cost.costUsd)}${cost.isPartial ? " and more" : ""}`,
    ];
  });
  return table(["step", "succeeded", "time", "critical", "cost"], cells, color);
}

function table(head: readonly string[], rows: readonly (readonly string[])[], color: Colors): string[] {
  const shown = rows.slice(0, MOST_ROWS).map((row) => row.map(printable));
  const widths = head.map((title, column) => Math.max(title.length, ...shown.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd();
  const more = rows.length > MOST_ROWS ? [color.dim(`  and ${rows.length - MOST_ROWS} more: --json has all`)] : [];
  return ["", color.dim(line(head)), ...shown.map(line), ...more];
}

function timeText(quantiles: Quantiles | null): string {
  return quantiles === null ? "-" : `p50 ${formatElapsed(quantiles.p50)} p95 ${formatElapsed(quantiles.p95)}`;
}

function rateText(rate: number): string {
  return `${Math.round(rate * 1000) / 10}%`;
}

function numberText(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
