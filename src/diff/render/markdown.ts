import { code, text } from "../../plan/render/markdown-text.ts";
import type { Plan } from "../../plan/types.ts";
import type { FieldChange, WorkflowDiff } from "../change.ts";
import { noFindings, type Findings } from "../findings.ts";
import { findingClauses, findingParts } from "./findings.ts";
import { renderDiffGraph } from "./graph.ts";
import { bounded, costText, factText, fieldText, plural, shiftText, summaryOf } from "./words.ts";

/** A comment on a pull request may have 65,536 characters; what is around this text needs some of them. */
const MOST_BYTES = 60_000;

/** A workflow that changed, with what it is drawn from. */
export interface DrawnDiff {
  readonly diff: WorkflowDiff;
  readonly before: Plan | null;
  readonly after: Plan | null;
}

/**
 * The changes as Markdown for a comment on a pull request: a line that says it all, then what is not valid or refused,
 * then what gives more than before, then the details and a picture, folded. Under 60 KB whatever the size: details are left out from the end, and that is
 * said. Every text of a manifest is escaped. Ends in a line feed.
 */
export function renderDiffMarkdown(drawn: readonly DrawnDiff[], findings: Findings = noFindings): string {
  const changed = drawn.filter(({ diff }) => diff.status !== "equal");
  const clauses = findingClauses(findings);
  if (changed.length === 0 && clauses.length === 0) return "**Muster: no workflow changed its meaning.**\n";
  const widened = changed.reduce((sum, { diff }) => sum + (diff.status === "changed" ? diff.widened.length : 0), 0);
  const change = `${plural(changed.length, "workflow")} changed${widened === 0 ? ", nothing is widened" : `, ${widened} widened`}`;
  // Of a workflow that is not valid nobody knows what it is widened by.
  const title = `**Muster: ${[...clauses, ...(changed.length === 0 ? [] : [change])].join("; ")}.**`;
  const heads = changed.map(({ diff }) => `${code(diff.path)}: ${text(summaryOf(diff))}`);
  const parts: string[] = [
    `${title}\n`,
    ...findingParts(findings),
    ...(heads.length === 0
      ? []
      : [
          `${bounded(
            heads.map((head) => `- ${head}`),
            20_000,
          ).join("\n")}\n`,
        ]),
  ];
  let left = MOST_BYTES - 200 - Buffer.byteLength(parts.join("\n"));
  let leftOut = 0;
  for (const each of changed) {
    for (const part of [guards(each.diff), details(each.diff), picture(each)]) {
      if (part === "") continue;
      const bytes = Buffer.byteLength(part) + 1;
      if (bytes > left) leftOut += 1;
      else {
        parts.push(part);
        left -= bytes;
      }
    }
  }
  if (leftOut > 0)
    parts.push(
      `_${plural(leftOut, "part")} of this left out: it would be too long for a comment. \`muster diff\` shows all of it._\n`,
    );
  return parts.join("\n");
}

/** What a reviewer must not miss. */
function guards(diff: WorkflowDiff): string {
  const lines = [
    ...(diff.status === "changed" ? diff.widened.map((shift) => `- :warning: widened: ${text(shiftText(shift))}`) : []),
    ...diff.secretsAdded.map(
      ({ secret, owner }) => `- :key: secret ${code(secret)} is newly in reach of ${text(owner)}`,
    ),
    ...diff.flowsAdded.map((flow) => `- :warning: ${text(flow)}`),
    ...(diff.status === "changed" ? diff.narrowed.map((shift) => `- narrowed: ${text(shiftText(shift))}`) : []),
  ];
  if (lines.length === 0) return "";
  return `### ${text(diff.path)}\n\n${bounded(lines, 15_000).join("\n")}\n`;
}

function details(diff: WorkflowDiff): string {
  const rows: string[] = [];
  const field = (owner: string, { field: name, ...change }: FieldChange): void => {
    const [first = "", ...more] = fieldText(change);
    rows.push(
      `| ${owner} | ${code(name)} | ${[first, ...more]
        .filter((line) => line !== "")
        .map(code)
        .join("<br>")} |`,
    );
  };
  for (const change of diff.workflow) field("workflow", change);
  for (const { name, change, fields } of diff.agents) {
    if (change !== "changed") rows.push(`| agent ${code(name)} | | ${change} |`);
    for (const each of fields) field(`agent ${code(name)}`, each);
  }
  for (const { name, change, from, kind, fields, does, needsAdded, needsRemoved } of diff.steps) {
    if (change === "renamed") rows.push(`| step ${code(name)} | | renamed, was ${code(from ?? "")} |`);
    else if (change !== "changed") rows.push(`| step ${code(name)} | | ${change} (${text(kind)}) |`);
    for (const each of fields) field(`step ${code(name)}`, each);
    for (const fact of does)
      rows.push(`| step ${code(name)} | ${code(fact.field)} | ${factText(fact).map(code).join("<br>")} |`);
    const needs = [...needsAdded.map((need) => `+${need}`), ...needsRemoved.map((need) => `-${need}`)];
    if (change === "changed" && needs.length > 0)
      rows.push(`| step ${code(name)} | needs | ${code(needs.join("  "))} |`);
  }
  if (rows.length === 0) return "";
  const cost = costText(diff);
  const { again, kept } = diff.reuse;
  const notes = [
    ...(cost === null ? [] : [text(cost)]),
    ...(again.length === 0 ? [] : [`Runs again: ${bounded(again.map(code), 4_000).join(", ")}`]),
    ...(kept.length === 0
      ? []
      : [
          `Recorded outcomes answer, if what they read comes out the same: ${bounded(kept.map(code), 4_000).join(", ")}`,
        ]),
  ];
  const table = ["| What | Key | Change |", "| --- | --- | --- |", ...bounded(rows, 20_000)].join("\n");
  return folded(`Details of ${text(diff.path)}`, [table, ...notes].join("\n\n"));
}

function picture({ diff, before, after }: DrawnDiff): string {
  if (before === null && after === null) return "";
  const graph = renderDiffGraph(diff, before, after);
  return Buffer.byteLength(graph) > 20_000
    ? ""
    : folded(`Graph of ${text(diff.path)}`, `\`\`\`mermaid\n${graph}\`\`\``);
}

function folded(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>\n`;
}
