import { flowAt } from "./flow.ts";
import { childrenOf, entryAt, type Entry, type Outline } from "./outline.ts";

type Pointer = readonly (string | number)[];

/** The names below a key at the top: of `agents`, `models`, `inputs`. */
export function namesIn(outline: Outline, map: string): string[] {
  return [...keysIn(outline)([map])];
}

/** Gives the keys of the map at a pointer, those of a map in braces on one line too. */
export function keysIn(outline: Outline): (pointer: Pointer) => readonly string[] {
  return (pointer) => {
    const index = pointer.length === 0 ? -1 : entryAt(outline, pointer);
    if (index === -1 && pointer.length > 0) return [];
    const children = childrenOf(outline, index).map((child) => String((outline.entries[child] as Entry).key));
    if (children.length > 0 || index === -1) return children;
    const entry = outline.entries[index] as Entry;
    const value = (outline.lines[entry.line] ?? "").slice(entry.valueStart).trimEnd();
    return value.startsWith("{") ? flowAt(value.replace(/\}\s*(?:#.*)?$/, "")).keys : [];
  };
}
