import type { Span } from "../diagnostic/source.ts";
import type { Analysis } from "./analysis.ts";
import { entryAt, stepsIn, type Outline } from "./outline.ts";
import type { Target } from "./target.ts";

const FOLDERS: { readonly [kind in Target["kind"]]?: string } = {
  agent: "agents",
  model: "models",
  input: "inputs",
  variable: "env",
};

/** Where a named thing of the same file is declared, the place of its key; null = it is not, or not in this file. */
export function declarationOf(outline: Outline, target: Target, analysis: Analysis | null): Span | null {
  const folder = FOLDERS[target.kind];
  const pointer = folder === undefined ? null : [folder, target.name];
  if (pointer === null && target.kind !== "step") return null;
  const index =
    pointer === null ? (stepsIn(outline).find(({ id }) => id === target.name)?.index ?? -1) : entryAt(outline, pointer);
  const entry = outline.entries[index];
  if (entry !== undefined) {
    const { line, keyStart, keyEnd } = entry;
    return { line: line + 1, column: keyStart + 1, endLine: line + 1, endColumn: keyEnd + 1 };
  }
  // In braces on one line.
  const written = pointer ?? analysis?.checked?.placed.get(target.name)?.parsed.step.pointer ?? null;
  const document = analysis?.document() ?? null;
  if (written === null || document === null || !isThere(document.data, written)) return null;
  return document.locate(written, "key");
}

function isThere(data: unknown, pointer: readonly (string | number)[]): boolean {
  let at: unknown = data;
  for (const segment of pointer) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, segment)) return false;
    at = (at as { readonly [key: string | number]: unknown })[segment];
  }
  return true;
}
