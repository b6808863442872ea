import { flowAt } from "./flow.ts";
import { childrenOf, pointerTo, type Entry, type Outline } from "./outline.ts";

/** 0-based, columns in UTF-16 units, as editors count. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

/** What stands at a place of a manifest. */
export interface Cursor {
  /** Of the value that the cursor is in, or of the map whose key it is. */
  readonly pointer: readonly (string | number)[];
  /** The cursor is in a key, or where a new one is written: `pointer` leads to the map. */
  readonly isKey: boolean;
  /** The word up to the cursor. */
  readonly word: string;
  /** Keys that the map has, the word under the cursor not counted. */
  readonly keys: readonly string[];
  /** The expression that the cursor is in; null = in none. */
  readonly expression: OpenExpression | null;
}

export interface OpenExpression {
  readonly kind: "cel" | "text";
  /** What stands before the cursor: of the expression itself, and of all the text that it is in. */
  readonly before: string;
  readonly text: string;
}

/** Keys whose text is an expression without `${{ }}`. */
const BARE: ReadonlySet<string | number | undefined> = new Set(["if", "until", "accept", "item_key", "score"]);

export function cursorAt(outline: Outline, { line, character }: Position): Cursor {
  const written = outline.lines[line] ?? "";
  const index = ownerOf(outline, line, character);
  const entry = outline.entries[index];
  const typed = /^\s*(?:-\s+)*([\w-]*)$/.exec(written.slice(0, character));
  const isInBlock = entry?.isBlock === true && line > entry.line;
  if (entry === undefined || (!isInBlock && entry.line !== line && typed !== null)) {
    const column = character - (typed?.[1]?.length ?? 0);
    const parent = aroundColumn(outline, lastBefore(outline, line), column);
    return keyOf(outline, parent, typed?.[1] ?? "", null);
  }
  if (entry.line === line && typeof entry.key === "string" && character <= entry.keyEnd)
    return keyOf(outline, entry.parent, written.slice(entry.keyStart, character), entry);
  return valueOf(outline, index, entry, { line, character });
}

function keyOf(outline: Outline, parent: number, word: string, own: Entry | null): Cursor {
  const siblings = childrenOf(outline, parent).map((index) => outline.entries[index] as Entry);
  const keys = siblings.filter((entry) => entry !== own).map(({ key }) => String(key));
  return { pointer: pointerTo(outline, parent), isKey: true, word, keys, expression: null };
}

function valueOf(outline: Outline, index: number, entry: Entry, at: Position): Cursor {
  const text = textBefore(outline, entry, at);
  const pointer = pointerTo(outline, index);
  const expression = expressionIn(text, pointer);
  if (expression !== null || entry.isBlock) return { pointer, isKey: false, word: "", keys: [], expression };
  const flow = flowAt(text);
  return { ...flow, pointer: [...pointer, ...flow.pointer], expression: null };
}

function expressionIn(text: string, pointer: readonly (string | number)[]): OpenExpression | null {
  const open = text.lastIndexOf("{{");
  if (open !== -1 && !text.slice(open).includes("}}"))
    return { kind: text[open - 1] === "$" ? "cel" : "text", before: text.slice(open + 2), text };
  return BARE.has(pointer.at(-1)) ? { kind: "cel", before: text, text } : null;
}

/** The text of a value up to the cursor, with its lines. */
function textBefore({ lines }: Outline, entry: Entry, { line, character }: Position): string {
  if (entry.line === line) return (lines[line] ?? "").slice(entry.valueStart, character);
  const whole = lines.slice(entry.line + 1, line);
  const first = entry.isBlock ? [] : [(lines[entry.line] ?? "").slice(entry.valueStart)];
  return [...first, ...whole, (lines[line] ?? "").slice(0, character)].join("\n");
}

/** The innermost entry of a line that starts before the cursor; on a blank line, the block of text that it belongs to. */
function ownerOf({ entries, owners }: Outline, line: number, character: number): number {
  let index = owners[line] ?? -1;
  for (let entry = entries[index]; entry !== undefined; entry = entries[index]) {
    if (entry.line !== line || entry.keyStart <= character) break;
    const around: Entry | undefined = entries[entry.parent];
    if (around === undefined || around.line !== line) break;
    index = entry.parent;
  }
  return index;
}

/** The last entry of the lines above. */
function lastBefore({ owners }: Outline, line: number): number {
  for (let above = line - 1; above >= 0; above--) if ((owners[above] ?? -1) !== -1) return owners[above] ?? -1;
  return -1;
}

/** The entry that a key at a column would be in, going up from one before it. */
function aroundColumn({ entries }: Outline, from: number, column: number): number {
  let index = from;
  while (index !== -1 && (entries[index] as Entry).indent >= column) index = (entries[index] as Entry).parent;
  return index;
}
