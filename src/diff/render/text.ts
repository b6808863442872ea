import type { Fact, FieldChange, NamedChange, StepChange, WorkflowDiff } from "../change.ts";
import { costText, factText, fieldText, shiftText, summaryOf } from "./words.ts";

/** How parts of the text are told apart; plain where there is no colour. */
export interface DiffColors {
  readonly added: (text: string) => string;
  readonly removed: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly warn: (text: string) => string;
}

/** The changes for a terminal; workflows that mean the same are left out. Ends in a line feed, empty = nothing changed. */
export function renderDiffText(diffs: readonly WorkflowDiff[], colors: DiffColors): string {
  const changed = diffs.filter(({ status }) => status !== "equal");
  return changed.map((diff) => workflowText(diff, colors)).join("\n");
}

function workflowText(diff: WorkflowDiff, colors: DiffColors): string {
  const { strong, warn, added, removed } = colors;
  const lines = [strong(`${diff.path}: ${summaryOf(diff)}`)];
  const list = (title: string, entries: readonly string[], paint: (text: string) => string): void => {
    if (entries.length === 0) return;
    lines.push(`  ${title}`, ...entries.map((entry) => paint(`    ${entry}`)));
  };
  if (diff.status === "changed") {
    list("widened", diff.widened.map(shiftText), warn);
    list("narrowed", diff.narrowed.map(shiftText), added);
  }
  list(
    "secrets newly in reach",
    diff.secretsAdded.map(({ secret, owner }) => `${secret}: ${owner}`),
    warn,
  );
  list(
    "secrets out of reach",
    diff.secretsRemoved.map(({ secret, owner }) => `${secret}: ${owner}`),
    added,
  );
  list("new paths of untrusted content", diff.flowsAdded, warn);
  list("paths of untrusted content that are gone", diff.flowsRemoved, added);
  if (diff.status === "changed") {
    for (const change of diff.workflow) lines.push(...fieldLines(change, "  ", colors));
    for (const agent of diff.agents) lines.push(...namedLines("agent", agent, colors));
    for (const step of diff.steps) lines.push(...stepLines(step, colors));
  } else {
    const paint = diff.status === "added" ? added : removed;
    const sign = diff.status === "added" ? "+" : "-";
    for (const { name, kind, does } of diff.steps)
      lines.push(paint(`  ${sign} step ${name} (${kind})`), ...factLines(does, colors));
  }
  const cost = costText(diff);
  if (cost !== null) lines.push(`  ${cost}`);
  const { again, kept } = diff.reuse;
  if (diff.status === "changed") {
    if (again.length > 0) lines.push(`  runs again: ${again.join(", ")}`);
    // Where only limits changed, nothing else is asked anyway.
    if (kept.length > 0 && again.length + diff.steps.length > 0)
      lines.push(`  recorded outcomes answer, if what they read comes out the same: ${kept.join(", ")}`);
  }
  return `${lines.join("\n")}\n`;
}

function stepLines(step: StepChange, colors: DiffColors): readonly string[] {
  const lines = [...namedLines("step", step, colors), ...factLines(step.does, colors)];
  const needs = [...step.needsAdded.map((need) => `+${need}`), ...step.needsRemoved.map((need) => `-${need}`)];
  if (step.change !== "added" && step.change !== "removed" && needs.length > 0)
    lines.push(`      needs  ${needs.join("  ")}`);
  return lines;
}

/** What a new step does, each below its name. */
function factLines(facts: readonly Fact[], { added }: DiffColors): readonly string[] {
  return facts.flatMap((fact) => {
    const [first = "", ...more] = factText(fact);
    if (more.length === 0) return [added(`      ${fact.field}  ${first}`)];
    return [added(`      ${fact.field}`), ...[first, ...more].map((line) => added(`        ${line}`))];
  });
}

function namedLines(
  what: string,
  { name, change, from, fields, ...more }: NamedChange,
  colors: DiffColors,
): readonly string[] {
  const kind = "kind" in more ? ` (${String(more.kind)})` : "";
  if (change === "added") return [colors.added(`  + ${what} ${name}${kind}`)];
  if (change === "removed") return [colors.removed(`  - ${what} ${name}${kind}`)];
  const head = change === "renamed" ? `  ~ ${what} ${from ?? ""} -> ${name}` : `  ~ ${what} ${name}`;
  return [head, ...fields.flatMap((field) => fieldLines(field, "      ", colors))];
}

function fieldLines(change: FieldChange, indent: string, { added, removed }: DiffColors): readonly string[] {
  const [first = "", ...more] = fieldText(change);
  const paint = (line: string): string =>
    line.startsWith("+") ? added(line) : line.startsWith("-") ? removed(line) : line;
  return [
    `${indent}${change.field}${first === "" ? "" : `  ${first}`}`,
    ...more.map((line) => `${indent}  ${paint(line)}`),
  ];
}
