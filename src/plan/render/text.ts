import { formatDuration } from "../../util/duration.ts";
import type { Estimate, StepEstimate } from "../estimate.ts";
import { criticalPathOf, topologicalOrder, wavesOf } from "../graph.ts";
import { EMPTY_SCOPE, type Plan, type PlannedScope, type PlannedStep } from "../types.ts";
import { budgetTexts } from "./budget.ts";
import { formatCount, formatRange, oneLine } from "./format.ts";
import { hasCaps, leadTexts, scopeGrantText, toolTexts, topGrantText } from "./grant.ts";
import {
  costText,
  count,
  fallbackText,
  headline,
  modelText,
  needText,
  priceText,
  stepCostText,
  cacheText,
  pathsText,
} from "./words.ts";
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
  const page: Page = { plan, style, shown: new Set() };
  return wavesOf(scope).flatMap((wave, number) => {
    const size = wave.length > 1 ? style.faint(`, ${formatCount(wave.length)} steps side by side`) : "";
    const steps = stepsLines(page, scope, wave, estimate.steps, 2);
    return [`${style.strong(`wave ${number + 1}`)}${size}`, ...steps, ""];
  });
}

/** What all lines of one plan share. */
interface Page {
  readonly plan: Plan;
  readonly style: Style;
  /** Scopes of sub-workflows whose steps were listed: each is listed once. */
  readonly shown: Set<number>;
}

/** How far the steps inside of groups may be set in. */
const DEEPEST_INDENT = 18;

/** Some steps of a scope, each `left` columns in, those inside of groups and sub-workflows further. */
function stepsLines(
  page: Page,
  scope: PlannedScope,
  indices: readonly number[],
  estimates: readonly StepEstimate[],
  left: number,
): string[] {
  const widest = scope.steps.reduce((most, step) => Math.max(most, step.id.length), 0);
  const indent = left + Math.min(24, widest) + 2;
  return indices.flatMap((index) => {
    const [step, sums] = [scope.steps[index], estimates[index]];
    if (step === undefined || sums === undefined) return [];
    return [...stepLines(page, scope, step, sums, left, indent), ...innerLines(page, step, sums, left)];
  });
}

function innerLines(page: Page, { body }: PlannedStep, sums: StepEstimate, left: number): string[] {
  if (body.kind !== "steps" && body.kind !== "uses") return [];
  const scope = page.plan.scopes[body.scope];
  const within = Math.min(DEEPEST_INDENT, left + 2);
  if (scope === undefined || page.shown.has(body.scope)) return [];
  page.shown.add(body.scope);
  return stepsLines(page, scope, topologicalOrder(scope), sums.steps, within);
}

function stepLines(
  { plan, style, shown: known }: Page,
  scope: PlannedScope,
  step: PlannedStep,
  sums: StepEstimate,
  left: number,
  indent: number,
): string[] {
  const rows: [string, string][] = [];
  const models = modelText(plan, step);
  if (models !== "") rows.push(["model", models]);
  if (step.fallback.length > 0) rows.push(["then", fallbackText(plan, step)]);
  const accepts = (step.handoff ?? []).flatMap(({ accept }) => (accept === null ? [] : oneLine(accept)));
  if (accepts.length > 0) rows.push(["accept", accepts.join("; then ")]);
  for (const text of toolTexts(plan, step)) rows.push(["tools", text]);
  for (const text of leadTexts(plan, step)) rows.push(["starts", text]);
  if (step.needs.length > 0) rows.push(["needs", step.needs.map((group) => needText(group, scope)).join(", and ")]);
  if (step.condition !== null) rows.push(["if", oneLine(step.condition)]);
  if (step.repeat !== null) rows.push(["until", oneLine(step.repeat.until)]);
  if (step.files !== undefined && step.files.reads.length > 0) rows.push(["reads", pathsText(step.files.reads)]);
  if (step.files !== undefined && step.files.writes.length > 0) rows.push(["writes", pathsText(step.files.writes)]);
  if (step.cache !== undefined) rows.push(["cache", cacheText(step.cache)]);
  if (step.body.kind === "uses" && known.has(step.body.scope)) rows.push(["steps", "as above"]);
  if (step.body.kind === "uses" && hasCaps(plan)) rows.push(["may", scopeGrantText(plan, step.body.scope)]);
  if (sums.calls.ceiling > 0) rows.push(["calls", `${formatRange(sums.calls)}, ${stepCostText(sums)}`]);

  const [first = "", ...more] = wrap(headline(plan, step, sums), " ".repeat(indent), WIDTH);
  const id = `${" ".repeat(left)}${step.id}`;
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
    ["steps", stepsText(plan, scope)],
    ["critical path", shown(path).join(" -> ")],
    ["limits", `${formatCount(concurrency)} at once, ${formatDuration(timeoutMs)} of active time`],
    ["calls", formatRange(estimate.calls)],
  ];
  if (estimate.models.length > 0) {
    rows.push(["cost", costText(estimate)], ["prices", `of ${estimate.priceTableDate}, for a million tokens`]);
    rows.push(...estimate.models.map((model): [string, string] => ["", priceText(model)]));
  }
  rows.push(...budgetTexts(plan, estimate).map((text, index): [string, string] => [index === 0 ? "budget" : "", text]));
  if (hasCaps(plan)) rows.push(["permissions", topGrantText(plan)]);
  if (estimate.assumedInputs.length > 0) rows.push(["inputs", `by default: ${estimate.assumedInputs.join(", ")}`]);
  if (plan.artifactStore !== undefined) rows.push(["artifacts", `over 1 MiB in ${plan.artifactStore}`]);
  rows.push(["digest", plan.digest]);
  return rows.flatMap(([key, text]) => {
    const [first = "", ...rest] = wrap(text, " ".repeat(KEY_WIDTH), WIDTH);
    return [style.faint(key.padEnd(KEY_WIDTH)) + first.slice(KEY_WIDTH), ...rest];
  });
}

/** `3 in 2 waves, 4 inside of them`. */
function stepsText(plan: Plan, scope: PlannedScope): string {
  const text = `${formatCount(scope.steps.length)} in ${count(wavesOf(scope).length, "wave")}`;
  const inside = plan.scopes.reduce((sum, { steps }) => sum + steps.length, 0) - scope.steps.length;
  return inside === 0 ? text : `${text}, ${formatCount(inside)} inside of them`;
}

/** A long chain by its ends. */
function shown(path: readonly string[]): readonly string[] {
  if (path.length <= MOST_SHOWN) return path;
  return [...path.slice(0, MOST_SHOWN - 2), `(${formatCount(path.length - MOST_SHOWN)} more)`, ...path.slice(-2)];
}
