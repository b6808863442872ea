import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import type { Document } from "../manifest/document.ts";
import type { Pointer } from "../manifest/pointer.ts";
import { salvage } from "../manifest/salvage.ts";
import { normalise } from "../manifest/normalise.ts";
import { readDocument } from "../manifest/read.ts";
import { checkManifest } from "../manifest/validate.ts";
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
  const manifest = checkManifest(document.value);
  if (!manifest.ok) return failed([...manifest.error.diagnostics, ...furtherProblems(document.value, manifest.error.pointers)].toSorted(byPlace));
  const chosen = chooseModels(normalise(manifest.value), choice);
  if (!chosen.ok) return err(chosen.error);
  const built = buildPlan(document.value, chosen.value);
  if (!built.ok) return failed(built.error);
  return ok({ source, diagnostics: built.value.warnings, plan: built.value.plan });
}

/** Problems of names, graph and expressions in what is left when the wrong entries are taken out, where that is safe. */
function furtherProblems(document: Document, wrong: readonly Pointer[]): readonly Diagnostic[] {
  const left = salvage(document, wrong);
  if (left === null) return [];
  const built = buildPlan(left.document, normalise(left.manifest));
  return built.ok ? [] : built.error;
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return a.span.line - b.span.line || a.span.column - b.span.column;
}
