/** The path that ends at the cursor: `steps.draft.out` is `steps`, `draft` and the word `out`. An index is `[]`. */
export interface PathWord {
  readonly path: readonly string[];
  readonly word: string;
}

const PATH = /(?:@root\.)?[A-Za-z_][\w-]*(?:\.\??[\w-]*|\[\s*(?:\d+|"[^"]*"|'[^']*')\s*\])*$/;

/** The path at the end of an expression up to the cursor; an empty word where none is begun. */
export function pathBefore(before: string): PathWord {
  const found = PATH.exec(before)?.[0] ?? "";
  if (found === "") return { path: [], word: "" };
  const parts = segmentsOf(found);
  const isOpen = !found.endsWith("]");
  return { path: isOpen ? parts.slice(0, -1) : parts, word: isOpen ? (parts.at(-1) ?? "") : "" };
}

function segmentsOf(path: string): readonly string[] {
  return [...path.replace(/^@root\./, "").matchAll(/\[\s*(?:\d+|"([^"]*)"|'([^']*)')\s*\]|(?:^|\.\??)([\w-]*)/g)].map(
    ([, double, single, name]) => name ?? double ?? single ?? "[]",
  );
}

/** A block of a text that is open at the cursor, with the path that it goes into. */
export interface OpenBlock {
  readonly kind: "each" | "with";
  readonly path: readonly string[];
  /** What `as |name|` calls it; null = its fields are in reach by themselves. */
  readonly name: string | null;
}

/** The blocks around the cursor, the outermost first. */
export function openBlocks(text: string): readonly OpenBlock[] {
  const open: (OpenBlock | null)[] = [];
  for (const [, mark, kind, path = "", name = null] of text.matchAll(
    /\{\{~?\s*([#/])\s*(\w+)(?:\s+([\w.@[\]"'-]+))?(?:\s+as\s+\|\s*(\w+)[^|]*\|)?/g,
  )) {
    if (mark === "/") open.pop();
    else open.push(kind === "each" || kind === "with" ? { kind, path: segmentsOf(path), name } : null);
  }
  return open.filter((block) => block !== null);
}
