import { resolve } from "node:path";
import type { OpenWait } from "../../engine/local/run-outcome.ts";
import { readSource } from "../../compose/source-reader.ts";
import type { Report } from "../../library/report.ts";
import { readDocument } from "../../manifest/read.ts";
import { stepPointer } from "../../manifest/written-step.ts";
import type { Plan } from "../../plan/types.ts";
import type { CommandProperties } from "../../util/workflow-command.ts";
import { checkoutPath } from "../checkout-path.ts";
import type { Terminal } from "../terminal.ts";
import { outputText } from "../view/output.ts";
import { answerCommands } from "../view/question.ts";
import type { GithubRunner } from "./runner.ts";
import { summaryMarkdown } from "./summary.ts";

/** The end of a run, as a job on GitHub shows it. */
export interface GithubEnd {
  readonly terminal: Terminal;
  readonly runner: GithubRunner;
  readonly report: Report;
  readonly plan: Plan;
  /** The manifest, as the user knows it. */
  readonly file: string;
  readonly waitsFor: readonly OpenWait[];
}

/** Annotations at the steps that failed or wait, the page of the job, and outputs for later steps. */
export function endOnGithub({ terminal, runner, report, plan, file, waitsFor }: GithubEnd): void {
  const place = placesIn(file, terminal);
  for (const [path, step] of Object.entries(report.steps)) {
    if (step.error === null) continue;
    const { class: failureClass, message, help } = step.error;
    const kind = step.caught ? "warning" : "error";
    const lines = [
      `'${path}' ${step.caught ? "failed, and the run went on" : "failed"}: ${message}`,
      ...(help === undefined ? [] : [`help: ${help}`]),
    ];
    runner.command(kind, { ...place(path), title: `${report.workflow}: ${failureClass}` }, lines.join("\n"));
  }
  const hasSaid = Object.values(report.steps).some(({ error, caught }) => error !== null && !caught);
  if (report.error !== null && !hasSaid)
    runner.command("error", { ...place(""), title: `${report.workflow}: ${report.error.class}` }, report.error.message);
  for (const { path, what } of waitsFor) {
    const how = what.kind === "approval" ? answerCommands(report.run_id, path, what) : (what.help ?? "");
    runner.command("notice", { ...place(path), title: `${report.workflow} waits` }, `${path}: ${what.message}\n${how}`);
  }
  if (report.outputs !== null && Object.keys(report.outputs).length > 0)
    runner.group("outputs", outputText(report.outputs));
  runner.summary(summaryMarkdown(report, plan, waitsFor));
  runner.outputs(outputsOf(report));
  runner.end();
}

/** Ids of outputs hold no `-`: what is told of the run itself cannot be taken for one. */
function outputsOf({ run_id, status, cost_usd, outputs }: Report): readonly (readonly [string, string])[] {
  return [
    ["run-id", run_id],
    ["run-status", status],
    ["cost-usd", cost_usd === null ? "" : String(cost_usd)],
    ...Object.entries(outputs ?? {}).map(
      ([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)] as const,
    ),
    ["run-outputs", JSON.stringify(outputs ?? {})],
  ];
}

/** Where steps are written; the first line of the file where that cannot be told. */
function placesIn(file: string, terminal: Terminal): (path: string) => CommandProperties {
  const shown = checkoutPath(file, terminal);
  try {
    const source = readSource(resolve(terminal.cwd, file), file);
    const document = source.ok ? readDocument(source.value) : source;
    if (!document.ok) return () => ({ file: shown, line: 1 });
    const { data } = document.value;
    return (path) => ({ file: shown, line: document.value.locate(stepPointer(data, path) ?? ["name"], "key").line });
  } catch {
    return () => ({ file: shown, line: 1 });
  }
}
