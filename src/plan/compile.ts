import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import { normalise } from "../manifest/normalise.ts";
import { readDocument } from "../manifest/read.ts";
import { validateManifest } from "../manifest/validate.ts";
import { err, ok, type Result } from "../util/result.ts";
import { buildPlan } from "./build.ts";
import { chooseModels, noChoice, type ModelChoice } from "./model-choice.ts";
import type { Plan } from "./types.ts";

/** A manifest that was compiled: its plan, or null when one of the diagnostics is an error. */
export interface Compiled {
  readonly source: SourceFile;
  /** Every problem of the file at once; warnings alone do not keep the plan away. */
  readonly diagnostics: readonly Diagnostic[];
  readonly plan: Plan | null;
}

/**
 * From the text of a manifest to its plan. Pure. The error is a sentence about `choice`: it names an alias that the
 * manifest does not have.
 */
export function compile(source: SourceFile, choice: ModelChoice = noChoice): Result<Compiled, string> {
  const failed = (diagnostics: readonly Diagnostic[]) => ok({ source, diagnostics, plan: null });
  const document = readDocument(source);
  if (!document.ok) return failed(document.error);
  const manifest = validateManifest(document.value);
  if (!manifest.ok) return failed(manifest.error);
  const chosen = chooseModels(normalise(manifest.value), choice);
  if (!chosen.ok) return err(chosen.error);
  const built = buildPlan(document.value, chosen.value);
  if (!built.ok) return failed(built.error);
  return ok({ source, diagnostics: built.value.warnings, plan: built.value.plan });
}
