import { resolve } from "node:path";
import { readSource } from "../compose.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { renderDiagnostics } from "../diagnostic/render.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import { normalise } from "../manifest/normalise.ts";
import { readDocument } from "../manifest/read.ts";
import { validateManifest } from "../manifest/validate.ts";
import { buildPlan } from "../plan/build.ts";
import { chooseModels, type ModelChoice } from "../plan/model-choice.ts";
import type { Plan } from "../plan/types.ts";
import { exitCode, UsageError } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

/** A manifest that was read: its plan, or what is wrong with it. */
export interface Compiled {
  readonly source: SourceFile;
  readonly diagnostics: readonly Diagnostic[];
  /** null when one of the diagnostics is an error. */
  readonly plan: Plan | null;
}

/** From a file to a plan, with all problems at once. UsageError when the file cannot be read. */
export function compileWorkflow(path: string, cwd: string, choice: ModelChoice): Compiled {
  const source = readFile(path, cwd);
  if (!source.ok) return { source: { path, text: "" }, diagnostics: source.error, plan: null };
  const failed = (diagnostics: readonly Diagnostic[]): Compiled => ({ source: source.value, diagnostics, plan: null });
  const document = readDocument(source.value);
  if (!document.ok) return failed(document.error);
  const manifest = validateManifest(document.value);
  if (!manifest.ok) return failed(manifest.error);
  const normal = chooseModels(normalise(manifest.value), choice);
  if (!normal.ok) throw new UsageError(normal.error);
  const built = buildPlan(document.value, normal.value);
  return built.ok ? { source: source.value, diagnostics: built.value.warnings, plan: built.value.plan } : failed(built.error);
}

/** The plan of a file; shows its problems, and ends the command with exit code 3 when there are errors. */
export function planOrExit(path: string, terminal: Terminal, choice: ModelChoice): { readonly plan: Plan; readonly source: SourceFile } {
  const { plan, diagnostics, source } = compileWorkflow(path, terminal.cwd, choice);
  if (diagnostics.length > 0) terminal.err(renderDiagnostics(diagnostics, [source], { color: terminal.color.isColorSupported }));
  if (plan === null) throw new UsageError(`${path} is not a valid workflow`, exitCode.invalid);
  return { plan, source };
}

function readFile(path: string, cwd: string): ReturnType<typeof readSource> {
  try {
    return readSource(resolve(cwd, path), path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Says why a file cannot be read. */
export function unreadable(path: string, error: unknown): UsageError {
  const code = (error as NodeJS.ErrnoException).code;
  const why = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : (error as Error).message;
  return new UsageError(`cannot read ${path}: ${why}`);
}
