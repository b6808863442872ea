import { resolve } from "node:path";
import { processEnvironment, type Environment } from "../compose/environment.ts";
import { createSourceReader, readSource } from "../compose/source-reader.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import { compile } from "../plan/compile.ts";
import { noChoice, parseModelChoice } from "../plan/model-choice.ts";
import type { Json } from "../util/json.ts";
import { onlySteps } from "../plan/only.ts";
import type { Plan } from "../plan/types.ts";
import type { Result } from "../util/result.ts";
import { RequestError } from "./request-error.ts";

/** Where a manifest comes from: the path of its file, or its text. */
export type ManifestSource =
  | string
  | {
      readonly text: string;
      /** Where it would lie: for messages, and for the folder in which its steps work. Default: `workflow.yaml`. */
      readonly path?: string;
    };

export interface LoadOptions {
  /** Paths are relative to it. Default: the current folder. */
  readonly cwd?: string;
  /** As `--model`: `PROVIDER/MODEL` for all agents, or `ALIAS=PROVIDER/MODEL`. */
  readonly model?: readonly string[];
  /** For git, which fetches workflows of other repositories. Default: the environment of this process. */
  readonly env?: Environment;
  /** As `--only`: ids of steps; they and what they need are all that is loaded. */
  readonly only?: readonly string[];
}

/** A valid manifest, ready to be planned and run. */
export interface Workflow {
  readonly plan: Plan;
  /** Absolute path of the manifest; `isFile` = it was read from there. */
  readonly path: string;
  readonly isFile: boolean;
  /** What was chosen when it was loaded; a resume chooses it again. */
  readonly choice: { readonly model: readonly string[]; readonly only: readonly string[]; readonly delivery?: Json };
}

/** A manifest that was read: the workflow, or what is wrong with it. */
export type Loaded = {
  /** The manifest and those that it uses: for `renderDiagnostics`. */
  readonly sources: readonly SourceFile[];
  /** Every problem of all of them; those of a valid one are warnings. */
  readonly diagnostics: readonly Diagnostic[];
} & ({ readonly ok: true; readonly workflow: Workflow } | { readonly ok: false; readonly workflow: null });

/**
 * Reads and checks a manifest. Everything that is wrong with it is in `diagnostics`, all at once. RequestError: the
 * file cannot be read, or `model` or `only` names what there is not.
 */
export async function load(from: ManifestSource, options: LoadOptions = {}): Promise<Loaded> {
  const { cwd = ".", model = [], only = [], env = processEnvironment() } = options;
  const isFile = typeof from === "string";
  const shownAs = isFile ? from : (from.path ?? "workflow.yaml");
  const path = resolve(cwd, shownAs);
  const source = isFile ? read(path, shownAs) : ({ ok: true, value: { path: shownAs, text: from.text } } as const);
  if (!source.ok) return { ok: false, workflow: null, sources: [], diagnostics: source.error };

  const choice = model.length === 0 ? noChoice : orThrow(parseModelChoice(model));
  const { plan, diagnostics, sources } = orThrow(
    compile(source.value, choice, createSourceReader(path, shownAs, { env, isFrozen: true })),
  );
  if (plan === null) return { ok: false, workflow: null, sources, diagnostics };
  const reduced = orThrow(onlySteps(plan, only));
  const workflow = { plan: reduced, path, isFile, choice: { model, only } };
  return { ok: true, workflow, sources, diagnostics };
}

function read(path: string, shownAs: string): ReturnType<typeof readSource> {
  try {
    return readSource(path, shownAs);
  } catch (error) {
    throw new RequestError([`cannot read ${shownAs}: ${(error as Error).message}`]);
  }
}

function orThrow<T>(result: Result<T, string>): T {
  if (!result.ok) throw new RequestError([result.error]);
  return result.value;
}
