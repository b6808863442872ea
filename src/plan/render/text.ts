import type { Estimate, StepEstimate } from "../estimate.ts";
import type { ModelEstimate } from "../ledger.ts";
import { criticalPathOf, wavesOf } from "../graph.ts";
import { EMPTY_SCOPE, type NeedGroup, type Plan, type PlannedScope, type PlannedStep } from "../types.ts";
import { formatCost, formatCount, formatDuration, formatPrice, formatRange, oneLine } from "./format.ts";
import { modelsOf } from "../step-digest.ts";
import { wrap } from "./wrap.ts";

/** How the text is emphasised; the default leaves it plain. */
export interface Style {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

const plain: Style = { strong: (text) => text, faint: (text) => text };

const WIDTH = 80;

/** The column of the keys of the summary. */
const KEY_WIDTH = 15;

/** How many steps of the longest chain are written out. */
const MOST_SHOWN = 16;

/** The plan for a terminal of 80 columns, ending in a line feed. `file` is shown as it stands. */
export function renderText(plan: Plan, estimate: Estimate, file: string, style: Style = plain): string {
  const scope = plan.scopes[0] ?? EMPTY_SCOPE;
  return `${[...header(plan, file, style), ...waves(plan, scope, estimate, style), ...totals(plan, scope, estimate, style)].join("\n")}\n`;
}

function header(plan: Plan, file: string, style: Style): string[] {
  const { name, version, description } = plan.workflow;
  const title = oneLine(version === null ? name : `${name} ${version}`);
  const lines = [`${style.strong(title)}  ${style.faint(oneLine(file))}`];
  if (description !== null) lines.push(...wrap(oneLine(description), "", WIDTH));
  return [...lines, ""];
}

function waves(plan: Plan, scope: PlannedScope, estimate: Estimate, style: Style): string[] {
  const indent =
    2 +
    Math.min(
      24,
      scope.steps.reduce((widest, step) => Math.max(widest, step.id.length), 0),
    ) +
    2;
  return wavesOf(scope).flatMap((wave, number) => {
    const size = wave.length > 1 ? style.faint(`, ${formatCount(wave.length)} steps side by side`) : "";
    const steps = wave.flatMap((index) => {
      const [step, sums] = [scope.steps[index], estimate.steps[index]];
      return step === undefined || sums === undefined ? [] : stepLines(plan, scope, step, sums, indent, style);
    });
    return [`${style.strong(`wave ${number + 1}`)}${size}`, ...steps, ""];
  });
}

function stepLines(
  plan: Plan,
  scope: PlannedScope,
  step: PlannedStep,
  sums: StepEstimate,
  indent: number,
  style: Style,
): string[] {
  const rows: [string, string][] = [];
  const models = modelsOf(plan, step).map((model) => model.id);
  if (models.length > 0) rows.push(["model", models.join(", then ")]);
  if (step.needs.length > 0) rows.push(["needs", step.needs.map((group) => needText(group, scope)).join(", and ")]);
  if (step.condition !== null) rows.push(["if", oneLine(step.condition)]);
  if (sums.calls.ceiling > 0) rows.push(["calls", `${formatRange(sums.calls)}, ${formatCost(sums.costUsd)}`]);

  const [first = "", ...more] = wrap(headline(step, sums), " ".repeat(indent), WIDTH);
  const id = `  ${step.id}`;
  const lines =
    id.length + 2 <= indent ? [style.strong(id.padEnd(indent)) + first.slice(indent)] : [style.strong(id), first];
  lines.push(...more);
  for (const [key, text] of rows) {
    const [start = "", ...rest] = wrap(text, " ".repeat(indent + 7), WIDTH);
    lines.push(" ".repeat(indent) + style.faint(key.padEnd(7)) + start.slice(indent + 7), ...rest);
  }
  return lines;
}

/** `agent researcher, 3 items, 2 at once, up to 3 attempts each, goes on with 2`. */
function headline(step: PlannedStep, sums: StepEstimate): string {
  const parts = [step.body.kind === "agent" ? `agent ${step.body.agent}` : step.body.kind];
  if (step.fan !== null) {
    const { join, maxParallel } = step.fan;
    if (sums.isTooLarge) parts.push(`more items than max_items ${formatCount(step.fan.maxItems)}: it will fail`);
    else if (sums.isSizeKnown) parts.push(count(sums.units.ceiling, "item"));
    else parts.push(`a list, at most ${count(sums.units.ceiling, "item")}`);
    if (maxParallel !== null) parts.push(`${formatCount(maxParallel)} at once`);
    if (join.kind === "at_least") parts.push(`goes on with ${formatCount(join.count)}`);
    if (join.kind === "any") parts.push("the first success wins");
    if (join.kind === "settled") parts.push("goes on with whatever succeeded");
  }
  if (step.retry.maxAttempts > 1 && step.body.kind !== "value") parts.push(`up to ${formatCount(step.retry.maxAttempts)} attempts`);
  if (step.onError.kind === "continue") parts.push("may fail");
  if (step.onError.kind === "output") parts.push("has an output for its failure");
  if (step.isFinally) parts.push("in any case");
  return parts.join(", ");
}

function needText(group: NeedGroup, scope: PlannedScope): string {
  const names = group.of.map((index) => scope.steps[index]?.id ?? "").join(", ");
  if (group.required === group.of.length) return names;
  return group.required === 1 ? `any of ${names}` : `${formatCount(group.required)} of ${names}`;
}

function totals(plan: Plan, scope: PlannedScope, estimate: Estimate, style: Style): string[] {
  const path = criticalPathOf(scope).map((index) => scope.steps[index]?.id ?? "");
  const { concurrency, timeoutMs } = plan.limits;
  const rows: [string, string][] = [
    ["steps", `${formatCount(scope.steps.length)} in ${count(wavesOf(scope).length, "wave")}`],
    ["critical path", shown(path).join(" -> ")],
    ["limits", `${formatCount(concurrency)} at once, ${formatDuration(timeoutMs)} of active time`],
    ["calls", formatRange(estimate.calls)],
  ];
  if (estimate.models.length > 0) {
    rows.push(["cost", costText(estimate)], ["prices", `of ${estimate.priceTableDate}, for a million tokens`]);
    rows.push(...estimate.models.map((model): [string, string] => ["", priceText(model)]));
  }
  if (estimate.assumedInputs.length > 0) rows.push(["inputs", `by default: ${estimate.assumedInputs.join(", ")}`]);
  rows.push(["digest", plan.digest]);
  return rows.flatMap(([key, text]) => {
    const [first = "", ...rest] = wrap(text, " ".repeat(KEY_WIDTH), WIDTH);
    return [style.faint(key.padEnd(KEY_WIDTH)) + first.slice(KEY_WIDTH), ...rest];
  });
}

function priceText({ id, price }: ModelEstimate): string {
  if (price === null) return `price unknown: ${id}`;
  const rates = ({ input, output }: { input: number; output: number }): string =>
    `${formatPrice(input)} in, ${formatPrice(output)} out`;
  const long = price.longPrompt;
  const more = long === null ? "" : `; ${rates(long)} above ${formatCount(long.aboveTokens)} tokens`;
  return `${id} ${rates(price)}${more}`;
}

/** A long chain by its ends. */
function shown(path: readonly string[]): readonly string[] {
  if (path.length <= MOST_SHOWN) return path;
  return [...path.slice(0, MOST_SHOWN - 2), `(${formatCount(path.length - MOST_SHOWN)} more)`, ...path.slice(-2)];
}

function costText(estimate: Estimate): string {
  const isUnknown = estimate.models.every((model) => model.price === null);
  if (isUnknown) return "unknown, since no model has a known price";
  const parts = [formatCost(estimate.costUsd)];
  if (estimate.unpriced.length > 0) parts.push(`the calls of ${estimate.unpriced.join(", ")} (price unknown)`);
  if (estimate.unknownInput.length > 0) {
    parts.push(`input of unknown size: ${estimate.unknownInput.join(", ")}`);
  }
  return parts.join(", plus ");
}

function count(number: number, unit: string): string {
  return `${formatCount(number)} ${unit}${number === 1 ? "" : "s"}`;
}
