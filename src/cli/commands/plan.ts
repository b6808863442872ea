import { estimate } from "../../plan/estimate.ts";
import { renderJson } from "../../plan/render/json.ts";
import { renderMermaid } from "../../plan/render/mermaid.ts";
import { renderText } from "../../plan/render/text.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { givenInputs, type InputOptions } from "../inputs.ts";
import { modelChoice } from "../model-choice.ts";
import type { Terminal } from "../terminal.ts";
import { planOrExit } from "../workflow.ts";

export interface PlanOptions extends InputOptions {
  readonly model: readonly string[];
  readonly format: "text" | "json" | "mermaid";
  readonly json?: boolean;
}

/** `muster plan FILE` */
export async function run(terminal: Terminal, [file = ""]: readonly string[], options: PlanOptions): Promise<ExitCode> {
  const { plan } = planOrExit(file, terminal, modelChoice(options.model));
  const told = estimate(plan, givenInputs(plan, options, terminal));
  const format = options.json === true ? "json" : options.format;
  if (format === "json") terminal.out(renderJson(plan, told));
  else if (format === "mermaid") terminal.out(renderMermaid(plan, told));
  else terminal.out(renderText(plan, told, file, { strong: terminal.color.bold, faint: terminal.color.dim }));
  return exitCode.succeeded;
}
