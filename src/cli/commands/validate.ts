import type { Diagnostic } from "../../diagnostic/diagnostic.ts";
import { diagnosticsToJson } from "../../diagnostic/json.ts";
import { renderDiagnostics } from "../../diagnostic/render.ts";
import { version } from "../../util/version.ts";
import { noChoice } from "../../plan/model-choice.ts";
import { checkoutPath } from "../checkout-path.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { manifestFiles } from "../manifest-files.ts";
import { projectPolicy } from "../project-policy.ts";
import type { Terminal } from "../terminal.ts";
import { compileFile, isOutOfReach, lockMode } from "../workflow.ts";

export interface ValidateOptions {
  readonly format: "text" | "json" | "github" | "sarif";
  readonly json?: boolean;
  readonly locked?: boolean;
  readonly pinTools?: boolean;
}

/** `muster validate [path...]` */
export async function run(terminal: Terminal, paths: readonly string[], options: ValidateOptions): Promise<ExitCode> {
  const files = await manifestFiles(terminal.cwd, paths);
  if (options.pinTools === true) {
    const { pinTools } = await import("../pin-tools.ts");
    await pinTools(terminal, files, options.locked === true);
  }
  const policy = await projectPolicy(terminal);
  const results = files.map((file) => {
    const compiled = compileFile(file, terminal, noChoice, lockMode(terminal, options));
    const { plan, source, diagnostics: found } = compiled;
    return plan === null ? compiled : { ...compiled, diagnostics: [...found, ...policy.diagnostics(source, plan)] };
  });
  // What a workflow uses is one of the files, too: its problems are told once.
  const diagnostics = unique(results.flatMap((result) => result.diagnostics));
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  const format = options.json === true ? "json" : options.format;
  if (format === "json") {
    terminal.out(`${JSON.stringify(diagnosticsToJson(diagnostics), null, 2)}\n`);
  } else if (format === "sarif") {
    const { diagnosticsToSarif } = await import("../../diagnostic/sarif.ts");
    const log = diagnosticsToSarif(diagnostics, version, (file) => checkoutPath(file, terminal));
    terminal.out(`${JSON.stringify(log, null, 2)}\n`);
  } else if (format === "github") {
    const { diagnosticsToGithub } = await import("../../diagnostic/github.ts");
    terminal.out(diagnosticsToGithub(diagnostics, (file) => checkoutPath(file, terminal)));
    terminal.err(`${summary(files.length, errors, diagnostics.length - errors)}\n`);
  } else {
    const sources = results.flatMap((result) => result.sources);
    if (diagnostics.length > 0)
      terminal.out(renderDiagnostics(diagnostics, sources, { color: terminal.outColor.isColorSupported }));
    terminal.err(`${summary(files.length, errors, diagnostics.length - errors)}\n`);
  }
  if (errors === 0) return exitCode.succeeded;
  return isOutOfReach(diagnostics) ? exitCode.usage : exitCode.invalid;
}

function unique(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const told = new Map(
    diagnostics.map((each) => [JSON.stringify([each.file, each.span, each.code, each.message]), each]),
  );
  return [...told.values()];
}

function summary(files: number, errors: number, warnings: number): string {
  const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
  const checked = count(files, "workflow");
  if (errors + warnings === 0) return `${checked} valid`;
  return `${checked} checked: ${count(errors, "error")}, ${count(warnings, "warning")}`;
}
