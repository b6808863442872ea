import type { SourceFile } from "../diagnostic/source.ts";
import type { Document } from "../manifest/document.ts";
import { readDocument } from "../manifest/read.ts";
import type { CheckedFile } from "../plan/check-file.ts";
import { compile, type Compiled } from "../plan/compile.ts";
import { estimate, type Estimate } from "../plan/estimate.ts";
import { noChoice } from "../plan/model-choice.ts";
import type { SourceFiles } from "../plan/source-files.ts";
import type { Plan } from "../plan/types.ts";

/** What is known of one text of a manifest. */
export interface Analysis {
  readonly compiled: Compiled;
  /** Names and expressions; null where nothing of the text can be read as a manifest. */
  readonly checked: CheckedFile | null;
  /** With the place of each node; null where the text is no YAML. Read when it is asked for. */
  readonly document: () => Document | null;
  /** What the plan costs; null where there is none. Counted when it is asked for. */
  readonly costs: () => { readonly plan: Plan; readonly estimate: Estimate } | null;
}

/** Compiles a text as `validate` does. Pure but for `files`. */
export function analyse(source: SourceFile, files: SourceFiles): Analysis {
  let checked: CheckedFile | null = null;
  const compiled = compile(source, noChoice, files, (top) => (checked = top));
  // Nothing was chosen that could be unknown.
  if (!compiled.ok) throw new Error(compiled.error);
  const { plan } = compiled.value;
  let document: Document | null | undefined;
  let costs: ReturnType<Analysis["costs"]> | undefined;
  return {
    compiled: compiled.value,
    checked,
    document() {
      if (document !== undefined) return document;
      const read = readDocument(source);
      return (document = read.ok ? read.value : null);
    },
    costs: () => (costs ??= plan === null ? null : { plan, estimate: estimate(plan) }),
  };
}
