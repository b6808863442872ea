import type { Estimate, StepEstimate } from "../estimate.ts";
import { criticalPathOf, wavesOf } from "../graph.ts";
import { EMPTY_SCOPE, type Plan, type PlannedScope, type PlannedStep } from "../types.ts";
import { formatCost, formatCount, formatDuration, formatRange, oneLine } from "./format.ts";
import { modelsOf } from "../step-digest.ts";
import { costText, count, headline, needText, priceText } from "./words.ts";
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

/** A long chain by its ends. */
function shown(path: readonly string[]): readonly string[] {
  if (path.length <= MOST_SHOWN) return path;
  return [...path.slice(0, MOST_SHOWN - 2), `(${formatCount(path.length - MOST_SHOWN)} more)`, ...path.slice(-2)];
}
