import type { Evaluator } from "../../expression/evaluate.ts";
import type { Grant } from "../../plan/permissions.ts";
import type { KeptLetter } from "../../run/dead-letter.ts";
import type { StepKind } from "../../plan/types.ts";
import type { Artifact } from "../../run/artifact.ts";
import type { RunInfo } from "../../run/state.ts";
import type { ReadValue } from "../../run/step-value.ts";
import type { ValueRef } from "../../run/value-ref.ts";
import type { Json } from "../../util/json.ts";
import type { Result } from "../../util/result.ts";
import type { SchemaCheck } from "../../util/schema-check.ts";
import type { StepHandler } from "../step/handler.ts";
import type { Values } from "./context.ts";
import type { FactIndex } from "./fact-index.ts";
import type { RepositoryFiles } from "./resolve-files.ts";
import type { RunCache } from "./run-cache.ts";
import type { Sink } from "./sink.ts";

/** What the core works with: all of it pure, or given as a function. */
export interface CoreOptions {
  readonly info: RunInfo;
  /** `inputs`, `env`, `run`: frozen at the first start. */
  readonly base: Values;
  /** `env` of the workflow with its secrets, for processes. */
  readonly workflowEnv: { readonly [name: string]: string };
  readonly secrets: { readonly [name: string]: string };
  /** What the workflow may touch. */
  readonly grant: Grant;
  readonly facts: FactIndex;
  /** Kinds that do something; groups and sub-workflows are the core's own. */
  readonly handlers: { readonly [kind in Exclude<StepKind, "steps" | "uses">]: StepHandler };
  readonly evaluator: Evaluator;
  readonly check: SchemaCheck;
  /** Files of the workspace that match a pattern, relative to it, with `/`, sorted. */
  readonly glob: (pattern: string) => Result<readonly string[], string>;
  /** The text of a file of the workspace, for `file` in texts; the error is a sentence. */
  readonly file: (path: string) => Result<string, string>;
  readonly repository: RepositoryFiles;
  /** The text of an artifact of this run, for `artifact` in texts; the error is a sentence. */
  readonly artifactText: (artifact: Artifact) => Result<string, string>;
  readonly read: ReadValue;
  /** Makes a value storable; large ones go to the blob store at once. */
  readonly keep: (value: Json) => ValueRef;
  /** What other runs gave; null = this run has nothing to do with them. */
  readonly cache: RunCache | null;
  /** Steps, by path, that were asked for anew: no outcome of another run answers. Default: none. */
  readonly isAskedFor?: (path: string) => boolean;
  readonly now: () => number;
  readonly sink: Sink;
  /** A run is only read: an attempt whose outcome is unknown is left open, and not failed. Default false. */
  readonly isRecall?: boolean;
  /** Takes secrets out of a value. Default: there are none in it. */
  readonly redact?: (value: Json) => Json;
  /** Who started this start of the run: starts of agents are told in full, for the audit copy. Default: they are not. */
  readonly initiator?: string;
  /** What earlier starts told of dead letters. Default: nothing. */
  readonly letters?: readonly KeptLetter[];
  /** The lasting name of the only unit that may start; facts answer for the others, or they wait. Default: all may. */
  readonly only?: string;
  /** A run is told of, not gone on with: whatever was recorded last of an attempt answers, also where a file has changed since. Default false. */
  readonly isTold?: boolean;
  /** Attempts at once; default: the plan's. */
  readonly slots?: number;
}
