import { formatUsd } from "../../util/format.ts";
import type { Json } from "../../util/json.ts";
import { lineDiff } from "../../util/line-diff.ts";
import type { Fact, FieldChange, Shift, WorkflowDiff } from "../change.ts";
import { entryChanges } from "../direction.ts";

/** `2 steps changed, 1 added; widened: limits.budget.usd; cost ceiling $1.20 to $2.40 (+100%)`: the change in a line. */
export function summaryOf(diff: WorkflowDiff): string {
  if (diff.status === "equal") return "no change of meaning";
  const count = (change: string): number => diff.steps.filter((step) => step.change === change).length;
  if (diff.status === "removed") return `removed, with ${diff.steps.length} steps`;
  const parts: string[] = [];
  if (diff.status === "added") parts.push(`new, with ${plural(count("added"), "step")}`);
  else {
    const steps = ["added", "removed", "changed", "renamed"].flatMap((change) =>
      count(change) === 0 ? [] : [`${count(change)} ${change}`],
    );
    if (steps.length > 0) parts.push(`steps: ${steps.join(", ")}`);
    if (diff.agents.length > 0) parts.push(`${plural(diff.agents.length, "agent")} changed`);
    if (diff.workflow.length > 0) parts.push(`${plural(diff.workflow.length, "setting")} changed`);
  }
  if (diff.widened.length > 0 && diff.status === "changed") parts.push(`${diff.widened.length} widened`);
  if (diff.narrowed.length > 0 && diff.status === "changed") parts.push(`${diff.narrowed.length} narrowed`);
  if (diff.modelsAdded.length > 0) parts.push(`new models: ${diff.modelsAdded.join(", ")}`);
  if (diff.secretsAdded.length > 0) parts.push(`secrets newly in reach: ${diff.secretsAdded.length}`);
  if (diff.flowsAdded.length > 0) parts.push(`new paths of untrusted content: ${diff.flowsAdded.length}`);
  const cost = costText(diff);
  if (cost !== null) parts.push(cost);
  return parts.join("; ");
}

/** `cost ceiling $1.20 to $2.40 (+100%)`; null when it is the same or nothing is known of it. */
export function costText({ cost: { before, after } }: WorkflowDiff): string | null {
  if (before?.ceiling === after?.ceiling && before?.floor === after?.floor) return null;
  const range = (value: typeof before): string =>
    value === null ? "unknown" : `${formatUsd(value.floor)} to ${formatUsd(value.ceiling)}`;
  if (before === null) return after?.ceiling === 0 ? null : `cost ${range(after)}`;
  return `cost ${range(before)}, now ${range(after)}${percentText(percentOf(before, after))}`;
}

/** By how much the ceiling grew, in percent; null where one of them is not known or nothing was to pay. */
export function percentOf(before: WorkflowDiff["cost"]["before"], after: WorkflowDiff["cost"]["after"]): number | null {
  if (before === null || after === null) return null;
  if (before.ceiling === 0) return after.ceiling === 0 ? 0 : Number.POSITIVE_INFINITY;
  return ((after.ceiling - before.ceiling) / before.ceiling) * 100;
}

function percentText(percent: number | null): string {
  if (percent === null || !Number.isFinite(percent)) return "";
  return ` (ceiling ${percent >= 0 ? "+" : ""}${percent.toFixed(0)}%)`;
}

/** What became of a field, as lines: the first beside its name, the others below it. */
export function fieldText({ before, after }: Pick<FieldChange, "before" | "after">): readonly string[] {
  if (isLong(before) || isLong(after)) {
    const lines = (value: Json | undefined): readonly string[] =>
      value === undefined ? [] : (typeof value === "string" ? value : JSON.stringify(value, null, 2)).split("\n");
    return ["", ...lineDiff(lines(before), lines(after))];
  }
  const entries = Array.isArray(before) || Array.isArray(after) ? entryChanges(before, after) : null;
  if (entries !== null && entries.added.length + entries.removed.length > 0) {
    const listed = (sign: string, list: readonly Json[]): readonly string[] =>
      list.map((entry) => `${sign}${short(entry)}`);
    return [[...listed("+", entries.added), ...listed("-", entries.removed)].join("  ")];
  }
  return [`${short(before)} -> ${short(after)}`];
}

/** What a new step says of one thing, in lines that are not too many and not too long. */
export function factText({ value }: Fact): readonly string[] {
  const text = typeof value === "string" ? value.trimEnd() : JSON.stringify(value);
  const lines = text
    .split("\n")
    .map((line) => (line.length > 160 ? `${line.slice(0, 140)}... (${line.length} characters)` : line));
  if (lines.length <= 12) return lines;
  return [...lines.slice(0, 10), `... (${lines.length - 10} more lines)`];
}

/** `agent researcher, permissions.network: +*.com`. */
export function shiftText(shift: Shift): string {
  const owner = shift.owner === "workflow" ? "" : `${shift.owner}, `;
  const [first = "", ...more] = fieldText(shift);
  return `${owner}${shift.field}: ${first === "" ? more.join(" ") : first}`;
}

function isLong(value: Json | undefined): boolean {
  if (typeof value === "string") return value.includes("\n") || value.length > 80;
  return typeof value === "object" && value !== null && !Array.isArray(value) && JSON.stringify(value).length > 80;
}

/** A value in a line; nothing said is `(none)`. */
function short(value: Json | undefined): string {
  if (value === undefined) return "(none)";
  const text = typeof value === "string" ? value : (idOf(value) ?? JSON.stringify(value));
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
}

/** A model is told by its name where nothing else is said of it. */
function idOf(value: Json): string | null {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
  const { id, max_tokens: _usual, ...rest } = value as { readonly [key: string]: Json };
  return typeof id === "string" && Object.keys(rest).length === 0 ? id : null;
}

export function plural(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** Lines up to so many bytes; how many more there are is the last one. */
export function bounded(lines: readonly string[], bytes: number): readonly string[] {
  let left = bytes;
  const fits = lines.findIndex((line) => (left -= Buffer.byteLength(line) + 1) < 0);
  return fits === -1 ? lines : [...lines.slice(0, fits), `... and ${lines.length - fits} more`];
}
