import { formatDuration } from "../../util/duration.ts";
import type { Estimate } from "../estimate.ts";
import { wavesOf } from "../graph.ts";
import { EMPTY_SCOPE, type Plan } from "../types.ts";
import { budgetTexts } from "./budget.ts";
import { formatRange } from "./format.ts";
import { hasCaps, topGrantText } from "./grant.ts";
import { code, text } from "./markdown-text.ts";
import { renderMermaid } from "./mermaid.ts";
import { costText, count, headline, modelText, needText, priceText, stepCostText } from "./words.ts";

/**
 * The plan as Markdown for a comment on a change: a picture, a table of the steps, the bounds. Every text of the
 * manifest is escaped: none can bring markup, a link or a mention of its own. Ends in a line feed.
 */
export function renderMarkdown(plan: Plan, estimate: Estimate, file: string): string {
  const scope = plan.scopes[0] ?? EMPTY_SCOPE;
  const { name, version, description } = plan.workflow;
  const rows = wavesOf(scope).flatMap((wave, number) =>
    wave.flatMap((index) => {
      const [step, sums] = [scope.steps[index], estimate.steps[index]];
      if (step === undefined || sums === undefined) return [];
      const needs = step.needs.map((group) => needText(group, scope));
      const asksModels = sums.calls.ceiling > 0;
      const cells = [
        String(number + 1),
        code(step.id),
        text(headline(plan, step, sums)),
        text(modelText(plan, step)),
        text(needs.join(", and ")),
      ];
      return [[...cells, asksModels ? formatRange(sums.calls) : "", asksModels ? text(stepCostText(sums)) : ""]];
    }),
  );
  const { concurrency, timeoutMs } = plan.limits;
  return [
    `## ${text(version === null ? name : `${name} ${version}`)}`,
    "",
    ...(description === null ? [] : [text(description), ""]),
    `${count(scope.steps.length, "step")} from ${code(file)}; ${concurrency} at once, ${formatDuration(timeoutMs)} of active time.`,
    "",
    "```mermaid",
    renderMermaid(plan, estimate).trimEnd(),
    "```",
    "",
    "| Wave | Step | Does | Model | Needs | Calls | Cost |",
    "| ---: | --- | --- | --- | --- | ---: | ---: |",
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
    "",
    `- Model calls: ${formatRange(estimate.calls)}.`,
    ...(estimate.models.length === 0
      ? []
      : [
          `- Cost: ${text(costText(estimate))}.`,
          `- Prices of ${estimate.priceTableDate}, for a million tokens: ${text(estimate.models.map(priceText).join("; "))}.`,
        ]),
    ...budgetTexts(plan, estimate).map((budget) => `- Budget: ${text(budget)}.`),
    ...(hasCaps(plan) ? [`- Permissions: ${text(topGrantText(plan))}.`] : []),
    ...(estimate.assumedInputs.length === 0
      ? []
      : [`- Inputs by default: ${text(estimate.assumedInputs.join(", "))}.`]),
    `- Digest ${code(plan.digest)}`,
    "",
  ].join("\n");
}
