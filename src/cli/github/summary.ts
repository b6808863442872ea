import type { OpenWait } from "../../engine/local/run-outcome.ts";
import type { Report, ReportStep } from "../../library/report.ts";
import { estimate } from "../../plan/estimate.ts";
import type { GraphStatus } from "../../plan/render/graph-status.ts";
import { statusColors } from "../../plan/render/graph-status.ts";
import { code, text } from "../../plan/render/markdown-text.ts";
import { renderMermaid } from "../../plan/render/mermaid.ts";
import type { Plan } from "../../plan/types.ts";
import { formatElapsed, formatTokens, formatUsd } from "../../util/format.ts";
import { answerCommands } from "../view/question.ts";

/** More steps than that make a page that nobody reads. */
const MOST_ROWS = 200;
/** GitHub draws no picture of more text than this. */
const MOST_PICTURE = 40_000;
/** Characters of an output that are shown. */
const LONGEST_OUTPUT = 4_000;

/** The page of a run in a job: how it ended, a table of its steps, the graph, what it waits for, cost, outputs. */
export function summaryMarkdown(report: Report, plan: Plan, waits: readonly OpenWait[]): string {
  const marks: { readonly [status: string]: string } = { succeeded: "✅", failed: "❌", waiting: "⏸️", skipped: "⏭️" };
  const mark = (status: string): string => `${marks[status] ?? "⚪"} ${status}`;
  const { usage, error } = report;
  const note = report.simulated ? " (simulated)" : report.replayed === null ? "" : ` (${report.replayed} answers)`;
  const spend = `${usage.calls} model ${usage.calls === 1 ? "call" : "calls"}, ${formatTokens(usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens)} tokens in, ${formatTokens(usage.output_tokens)} out, ${formatUsd(report.cost_usd)}`;
  const steps = Object.entries(report.steps);
  const rows = steps.slice(0, MOST_ROWS).map(([path, step]) => rowOf(path, step, mark));
  const picture = renderMermaid(plan, estimate(plan), statusesOf(report));
  const parts = [
    `## ${text(report.workflow)}: ${mark(report.status)}${note}`,
    `${formatElapsed(report.duration_ms)}, ${spend}. Run ${code(report.run_id)}.`,
    ...(error === null
      ? []
      : [
          `> ${text(`${error.class}: ${error.message}`)}${error.help === undefined ? "" : `\\\n> ${text(error.help)}`}`,
        ]),
    ...waits.map(
      ({ path, what }) =>
        `Waits: ${text(`${path}: ${what.message}`)}\\\n${code(what.kind === "approval" ? answerCommands(report.run_id, path, what) : (what.help ?? ""))}`,
    ),
    [
      "| Step | Status | Attempts | Time | Model | Tokens | Cost |",
      "| --- | --- | ---: | ---: | --- | ---: | ---: |",
      ...rows,
    ].join("\n"),
    ...(steps.length > MOST_ROWS ? [`And ${steps.length - MOST_ROWS} more steps.`] : []),
    ...(picture.length > MOST_PICTURE
      ? []
      : [`<details><summary>Graph</summary>\n\n\`\`\`mermaid\n${picture}\`\`\`\n\n</details>`]),
    ...outputParts(report),
  ];
  return `${parts.join("\n\n")}\n`;
}

function rowOf(path: string, step: ReportStep, mark: (status: string) => string): string {
  const { usage } = step;
  const tokens =
    usage === null
      ? ""
      : formatTokens(usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens + usage.output_tokens);
  const items =
    step.results === null
      ? ""
      : ` ${step.results.filter(({ status }) => status === "succeeded").length}/${step.results.length}`;
  const cells = [
    code(path),
    `${mark(step.status)}${items}${step.caught ? ", caught" : ""}${step.from_cache ? ", cached" : ""}${step.error === null ? "" : `: ${text(step.error.message)}`}`,
    String(step.attempts),
    step.duration_ms === null ? "" : formatElapsed(step.duration_ms),
    step.model === null ? "" : code(step.model),
    tokens,
    step.cost_usd === null ? "" : formatUsd(step.cost_usd),
  ];
  return `| ${cells.join(" | ")} |`;
}

function statusesOf({ steps }: Report): ReadonlyMap<string, GraphStatus> {
  return new Map(
    Object.entries(steps).flatMap(([path, { status }]) =>
      Object.hasOwn(statusColors, status) ? [[path, status as GraphStatus] as const] : [],
    ),
  );
}

/** Outputs as code: nothing in them becomes markup, and no fence inside can end theirs. */
function outputParts({ outputs }: Report): readonly string[] {
  return Object.entries(outputs ?? {}).map(([name, value]) => {
    const whole = typeof value === "string" ? value : JSON.stringify(value, null, 2);
    const shown =
      whole.length > LONGEST_OUTPUT ? `${whole.slice(0, LONGEST_OUTPUT)}\n… ${whole.length} characters in all` : whole;
    const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length));
    const fence = "`".repeat(longest + 1);
    return `<details open><summary>Output ${text(name)}</summary>\n\n${fence}text\n${shown}\n${fence}\n\n</details>`;
  });
}
