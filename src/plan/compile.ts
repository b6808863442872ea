import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import { normalise } from "../manifest/normalise.ts";
import { readDocument } from "../manifest/read.ts";
import { salvage } from "../manifest/salvage.ts";
import { checkManifest } from "../manifest/validate.ts";
import { err, ok, type Result } from "../util/result.ts";
import { buildPlan } from "./build.ts";
import type { CheckedFile } from "./check-file.ts";
import type { Lock } from "./lock.ts";
import { WorkflowLoader } from "./load-workflows.ts";
import { noChoice, unknownAlias, type ModelChoice } from "./model-choice.ts";
import { noFiles, type SourceFiles } from "./source-files.ts";
import type { Plan } from "./types.ts";

/** A manifest that was compiled: its plan, or null when one of the diagnostics is an error. */
export interface Compiled {
  readonly source: SourceFile;
  /** The manifest first, then those that it uses, in the order in which they were met: for code frames. */
  readonly sources: readonly SourceFile[];
  /** Every problem of all files at once; warnings alone do not keep the plan away. */
  readonly diagnostics: readonly Diagnostic[];
  readonly plan: Plan | null;
  /** The files of other repositories that were read, for `muster.lock`. */
  readonly used: Lock;
}

/**
 * From the text of a manifest to its plan. Pure but for `files`, which reads the workflows, partials and files that it
 * names. The error is a sentence about `choice`: it names an alias that no manifest has. `onChecked` gets what was found
 * out about the names and expressions of the manifest, and of all that it uses, whether they are right or wrong, unless nothing
 * of it could be read.
 */
export function compile(
  source: SourceFile,
  choice: ModelChoice = noChoice,
  files: SourceFiles = noFiles,
  onChecked?: (top: CheckedFile, all: Iterable<CheckedFile>) => void,
): Result<Compiled, string> {
  const loader = new WorkflowLoader(files, choice);
  const failed = (diagnostics: readonly Diagnostic[]) =>
    ok({
      source,
      sources: loader.sources.length === 0 ? [source] : loader.sources,
      diagnostics,
      plan: null,
      used: loader.used,
    });
  const document = readDocument(source);
  if (!document.ok) return failed(document.error);
  const manifest = checkManifest(document.value);
  if (!manifest.ok) {
    // Names, graph and expressions of what is left when the wrong entries are taken out, where that is safe.
    const { diagnostics, pointers } = manifest.error;
    const left = salvage(document.value, pointers);
    if (left === null) return failed(diagnostics);
    const built = buildPlan(left.document, normalise(left.manifest, left.unknown), loader, diagnostics, onChecked);
    return failed(built.ok ? diagnostics : built.error);
  }
  const built = buildPlan(document.value, normalise(manifest.value), loader, [], onChecked);
  const alias = unknownAlias(choice, loader.manifests);
  if (alias !== null) return err(alias);
  if (!built.ok) return failed(built.error);
  return ok({
    source,
    sources: loader.sources,
    diagnostics: built.value.warnings,
    plan: built.value.plan,
    used: loader.used,
  });
}
