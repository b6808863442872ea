import { parseText } from "../../expression/text/parse.ts";
import type { NormalPattern, NormalStep } from "../../manifest/normal.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import { isGlob, pathProblem, skeletonOf } from "../file-pattern.ts";
import type { Problems } from "../problems.ts";
import type { PlannedPattern } from "../types.ts";
import type { Reader } from "./reader.ts";

/** `reads` and `writes` of a step, parsed. */
export interface ParsedFiles {
  readonly reads: readonly ParsedPattern[];
  readonly writes: readonly ParsedPattern[];
}

export interface ParsedPattern {
  readonly pattern: PlannedPattern;
  readonly pointer: Pointer;
  /** What is written of it, with `\0` where a value is put in. */
  readonly skeleton: string;
  /** First parts of the names that it reads: `item`, `inputs`. */
  readonly roots: ReadonlySet<string>;
}

const NONE: ParsedFiles = { reads: [], writes: [] };

/** Parses the paths of a step; those that leave the workspace as they are written are reported and left out. */
export function parseFiles(step: NormalStep, reader: Reader, problems: Problems): ParsedFiles {
  if (typeof step.workspace === "object") {
    const pointer = [...step.pointer, "workspace", "path"];
    reportPath("workspace", step.workspace.path, pointer, problems);
  }
  if (step.reads.length === 0 && step.writes.length === 0) return NONE;
  const parse = (key: "reads" | "writes", patterns: readonly NormalPattern[]): readonly ParsedPattern[] =>
    patterns.flatMap(({ pattern, pointer }) => parsePattern(key, pattern, pointer, reader, problems) ?? []);
  return { reads: parse("reads", step.reads), writes: parse("writes", step.writes) };
}

function parsePattern(
  key: "reads" | "writes",
  text: string,
  pointer: Pointer,
  reader: Reader,
  problems: Problems,
): ParsedPattern | null {
  const before = reader.sites.length;
  const path = reader.text(text, pointer, "unit");
  // What cannot be read is reported with all texts.
  if (path === null || (path.kind === "text" && parseText(path.source).problems.length > 0)) return null;
  const roots = new Set(
    reader.sites.slice(before).flatMap((site) => site.references.map(({ path: [root = ""] }) => root)),
  );
  const skeleton = skeletonOf(path);
  // A value may be all of a path: what it is, is looked at in the run.
  if (!reportPath(key, skeleton.replaceAll("\0", "value"), pointer, problems)) return null;
  return { pattern: { path, isGlob: isGlob(skeleton) }, pointer, skeleton, roots };
}

function reportPath(key: string, path: string, pointer: Pointer, problems: Problems): boolean {
  const problem = pathProblem(path);
  if (problem === null) return true;
  const what = key === "workspace" ? "the folder of 'workspace'" : `a path of '${key}'`;
  problems.error(pointer, {
    code: "WF2006",
    message: `${what} ${problem.replace(/:.*/, "")}`,
    help: /: (.*)/.exec(problem)?.[1] ?? "name files of the repository that are neither git's nor muster's",
  });
  return false;
}
