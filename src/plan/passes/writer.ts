import type { Pointer } from "../../manifest/pointer.ts";
import type { Problems } from "../problems.ts";
import type { PlannedWorkspace } from "../types.ts";
import type { PlacedStep } from "./position.ts";

/** What some step may write. */
export interface WriteClaim {
  /** The path as it is written, with `\0` where a value is put in. */
  readonly skeleton: string;
  /** First parts of the names in it. */
  readonly roots: ReadonlySet<string>;
  readonly workspace: PlannedWorkspace;
}

/** A step of the file that writes files, or uses a workflow that does. */
export interface Writer {
  readonly step: PlacedStep;
  readonly claims: readonly (WriteClaim & { readonly pointer: Pointer })[];
}

/** All writers of a file; `used` is what the workflow writes that a step uses, by the id of the step. */
export function writersOf(
  placed: ReadonlyMap<string, PlacedStep>,
  used: ReadonlyMap<string, readonly WriteClaim[]>,
): readonly Writer[] {
  const writers: Writer[] = [];
  for (const step of placed.values()) {
    const { step: written, files } = step.parsed;
    const inside = used.get(written.id) ?? [];
    if (files.writes.length === 0 && inside.length === 0) continue;
    const claims = [
      ...files.writes.map((write) => ({ ...write, workspace: written.workspace })),
      ...inside.map((claim) => ({ ...claim, pointer: [...written.pointer, "uses"] })),
    ];
    writers.push({ step, claims });
  }
  return writers;
}

/** Reports that the paths of a file cannot all be compared; once, at the first step that has some. */
export function reportTooMany({ parsed }: PlacedStep, key: "reads" | "writes", problems: Problems): void {
  problems.error([...parsed.step.pointer, key], {
    code: "WF3051",
    message: `the paths that the steps of this file read and write are too many and too much alike to be compared`,
    help: "name files instead of patterns, or write to folders with names of their own",
    piece: "key",
  });
}

/**
 * The step itself or the group around it that stands in a scope which a reader inside of `group` sees: null for
 * what no such scope holds.
 */
export function seenFrom(step: PlacedStep, group: PlacedStep | null): PlacedStep {
  const around = new Set<PlacedStep | null>([null]);
  for (let at = group; at !== null; at = at.group) around.add(at);
  let seen = step;
  while (!around.has(seen.group)) seen = seen.group as PlacedStep;
  return seen;
}
