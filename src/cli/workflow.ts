import { resolve } from "node:path";
import { renderDiagnostics } from "../diagnostic/render.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import { compile, type Compiled } from "../plan/compile.ts";
import type { ModelChoice } from "../plan/model-choice.ts";
import { onlySteps } from "../plan/only.ts";
import type { Plan } from "../plan/types.ts";
import { createSourceReader, readSource } from "../compose/source-reader.ts";
import { exitCode, UsageError } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

/** From a file to a plan, with all problems at once. UsageError when the file cannot be read. */
export function compileFile(path: string, cwd: string, choice: ModelChoice): Compiled {
  let source: ReturnType<typeof readSource>;
  try {
    source = readSource(resolve(cwd, path), path);
  } catch (error) {
    throw unreadable(path, error);
  }
  if (!source.ok) {
    const empty = { path, text: "" };
    return { source: empty, sources: [empty], diagnostics: source.error, plan: null };
  }
  const compiled = compile(source.value, choice, createSourceReader(resolve(cwd, path), path));
  if (!compiled.ok) throw new UsageError(compiled.error);
  return compiled.value;
}

/**
 * The plan of a file; shows its problems, and ends the command with exit code 3 when there are errors. `warnings`:
 * `counted` says of mere warnings only how many there are, for commands that come again and again.
 */
export function planOrExit(
  path: string,
  terminal: Terminal,
  choice: ModelChoice,
  warnings: "told" | "counted" = "told",
): { readonly plan: Plan; readonly source: SourceFile } {
  const { plan, diagnostics, source, sources } = compileFile(path, terminal.cwd, choice);
  if (plan !== null && warnings === "counted" && diagnostics.length > 0)
    terminal.err(`${diagnostics.length} warning${diagnostics.length === 1 ? "" : "s"}: muster validate ${path}\n`);
  else if (diagnostics.length > 0)
    terminal.err(renderDiagnostics(diagnostics, sources, { color: terminal.color.isColorSupported }));
  if (plan === null) throw new UsageError(`${path} is not a valid workflow`, exitCode.invalid);
  return { plan, source };
}

/** The plan of `--only`: these steps and what they need. UsageError for a step that is not there. */
export function reducedPlan(plan: Plan, only: readonly string[]): Plan {
  const reduced = onlySteps(plan, only);
  if (!reduced.ok) throw new UsageError(`--only: ${reduced.error}`);
  return reduced.value;
}

/** Says why a file cannot be read. */
export function unreadable(path: string, error: unknown): UsageError {
  const code = (error as NodeJS.ErrnoException).code;
  const why =
    code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : (error as Error).message;
  return new UsageError(`cannot read ${path}: ${why}`);
}
