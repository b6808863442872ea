import { renderDiagnostics } from "../../diagnostic/render.ts";
import { estimate } from "../../plan/estimate.ts";
import { renderJson } from "../../plan/render/json.ts";
import { renderMarkdown } from "../../plan/render/markdown.ts";
import { renderMermaid } from "../../plan/render/mermaid.ts";
import { renderSvg } from "../../plan/render/svg.ts";
import { renderText } from "../../plan/render/text.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { givenInputs, type InputOptions } from "../inputs.ts";
import { cachedUnits } from "../cached-units.ts";
import type { CachedUnits } from "../../engine/local/preview-cache.ts";
import { printable } from "../../diagnostic/printable.ts";
import { modelChoice } from "../model-choice.ts";
import { projectPolicy } from "../project-policy.ts";
import type { Terminal } from "../terminal.ts";
import { lockMode, planOrExit, variantPlan } from "../workflow.ts";

export interface PlanOptions extends InputOptions {
  readonly model: readonly string[];
  readonly format: "text" | "json" | "mermaid" | "markdown" | "svg";
  readonly json?: boolean;
  readonly locked?: boolean;
  /** Only what the runs do that take this variant. */
  readonly variant?: string;
}

/** `muster plan FILE` */
export async function run(terminal: Terminal, [file = ""]: readonly string[], options: PlanOptions): Promise<ExitCode> {
  const choice = modelChoice(options.model);
  const { plan: whole, source } = planOrExit(file, terminal, choice, "told", lockMode(terminal, options));
  const plan = variantPlan(whole, options.variant ?? null);
  const given = givenInputs(plan, options, terminal);
  const told = estimate(plan, given);
  const cached = cachedUnits(plan, file, given, terminal);
  const { bold, dim } = terminal.outColor;
  const renderers: { readonly [format in PlanOptions["format"]]: () => string } = {
    text: () => renderText(plan, told, file, { strong: bold, faint: dim }) + cachedText(cached),
    json: () => renderJson(plan, told, cached),
    mermaid: () => renderMermaid(plan, told),
    markdown: () => renderMarkdown(plan, told, file),
    svg: () => renderSvg(plan, told),
  };
  terminal.out(renderers[options.json === true ? "json" : options.format]());
  const violations = (await projectPolicy(terminal)).diagnostics(source, plan);
  if (violations.length > 0)
    terminal.err(renderDiagnostics(violations, [source], { color: terminal.color.isColorSupported }));
  return violations.some(({ severity }) => severity === "error") ? exitCode.invalid : exitCode.succeeded;
}

/** `in the cache   look (1 of 2), make`: how much of a list, where it is not all. */
function cachedText(cached: readonly CachedUnits[] | null): string {
  if (cached === null) return "";
  const names = cached.map(({ path, units, of }) => {
    const much = units < of ? ` (${units} of ${of})` : of > 1 ? ` (${of})` : "";
    return printable(path) + much;
  });
  return `in the cache   ${names.length === 0 ? "nothing" : names.join(", ")}\n`;
}
