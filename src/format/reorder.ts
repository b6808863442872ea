import type { Document } from "yaml";
import type { KnownMap } from "./known-map.ts";
import { keyOrder } from "./key-order.ts";
import { hasAliasBetween, sourceMapAt, type SourceEntry } from "./source-map.ts";

/** A map whose entries go into another order, as pieces of the text. */
interface Move {
  readonly start: number;
  readonly end: number;
  readonly render: (inner: (from: number, to: number) => string) => string;
}

/**
 * Puts the keys of the known maps into their canonical order. Entries move as they are written, with the comments above
 * and beside them; nothing else of the text changes. The comment at the top of the file stays there. Maps in which an
 * alias needs the order stay as they are.
 */
export function reorderKeys(text: string, document: Document.Parsed, maps: readonly KnownMap[]): string {
  const moves = maps.flatMap((map) => moveOf(text, document, map) ?? []).sort((a, b) => a.start - b.start);
  // Inner moves begin after the outer one that holds them.
  function inner(from: number, to: number): string {
    let out = "";
    let at = from;
    for (let i = firstFrom(moves, from); i < moves.length; i += 1) {
      const move = moves[i] as Move;
      if (move.start >= to) break;
      if (move.start < at || move.end > to) continue;
      out += text.slice(at, move.start) + move.render(inner);
      at = move.end;
    }
    return out + text.slice(at, to);
  }
  return inner(0, text.length + 1);
}

/** The first move that starts at an offset or after it. */
function firstFrom(moves: readonly Move[], offset: number): number {
  let low = 0;
  let high = moves.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((moves[middle] as Move).start < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function moveOf(text: string, document: Document.Parsed, { pointer, schema }: KnownMap): Move | null {
  const canonical = keyOrder(schema);
  const source = canonical === null ? null : sourceMapAt(document, text, pointer);
  if (canonical === null || source === null || source.entries.length < 2) return null;
  const order = new Map(canonical.map((key, index) => [key, index]));
  const rank = ({ key }: SourceEntry): number => order.get(key) ?? (key.startsWith("x-") ? 1e6 + 1 : 1e6);
  const sorted = source.entries.toSorted((a, b) => rank(a) - rank(b));
  if (sorted.every((entry, index) => entry === source.entries[index])) return null;
  if (hasAliasBetween(document, pointer)) return null;
  return source.isFlow
    ? flowMove(text, source.entries, sorted)
    : blockMove(text, source.entries, sorted, pointer.length === 0);
}

/** `{ b: 1, a: 2 }`: the entries change places, what is between them stays. */
function flowMove(text: string, entries: readonly SourceEntry[], sorted: readonly SourceEntry[]): Move | null {
  const start = (entries[0] as SourceEntry).start;
  const end = (entries.at(-1) as SourceEntry).end;
  // A comment belongs to an entry that cannot be told.
  if (/(?:^|\s)#/.test(text.slice(start, end))) return null;
  const render: Move["render"] = (inner) =>
    entries
      .map((slot, index) => {
        const next = entries[index + 1];
        const taken = sorted[index] as SourceEntry;
        return inner(taken.start, taken.end) + (next === undefined ? "" : text.slice(slot.end, next.start));
      })
      .join("");
  return { start, end, render };
}

/** An entry of a block map: lines of comments above it, then its text to the end of its last line. */
interface Block {
  readonly blankLines: number;
  readonly comments: readonly string[];
  /** Where its comments begin, or the entry itself. */
  readonly from: number;
  readonly start: number;
  end: number;
}

function blockMove(
  text: string,
  entries: readonly SourceEntry[],
  sorted: readonly SourceEntry[],
  isTop: boolean,
): Move | null {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const first = entries[0] as SourceEntry;
  const indent = first.start - lineStart(text, first.start);
  const blocks = new Map<SourceEntry, Block>();
  let before: Block | null = null;
  for (const entry of entries) {
    const block: Block | null =
      entry === first ? firstBlock(text, entry, isTop) : nextBlock(text, entry, before as Block, indent);
    if (block === null) return null;
    blocks.set(entry, block);
    before = block;
  }
  const newFirst = blocks.get(sorted[0] as SourceEntry) as Block;
  const oldFirst = blocks.get(first) as Block;
  const startsLine = text.slice(lineStart(text, first.start), first.start).trim() === "";
  // Behind a `- ` there is no room for a comment.
  if (!startsLine && newFirst.comments.length > 0) return null;
  const pad = " ".repeat(indent);
  const render: Move["render"] = (inner) =>
    sorted
      .map((entry, index) => {
        const block = blocks.get(entry) as Block;
        const body = inner(block.start, block.end);
        const comments = block.comments.map((comment) => `${pad}${comment}${eol}`).join("");
        if (index === 0) return comments === "" ? body : `${comments.slice(indent)}${pad}${body}`;
        const blank = block === oldFirst ? newFirst.blankLines : block.blankLines;
        return `${eol.repeat(blank)}${comments}${pad}${body}`;
      })
      .join(eol);
  return { start: oldFirst.from, end: (blocks.get(entries.at(-1) as SourceEntry) as Block).end, render };
}

/** The first entry of a map, with the lines of comments right above it; those at the top of the file stay there. */
function firstBlock(text: string, entry: SourceEntry, isTop: boolean): Block {
  const comments: string[] = [];
  let from = entry.start;
  const end = lineEnd(text, entry.end);
  if (isTop || text.slice(lineStart(text, entry.start), entry.start).trim() !== "")
    return { blankLines: 0, comments, from, start: entry.start, end };
  for (let line = lineStart(text, entry.start); line > 0;) {
    const above = lineStart(text, line - 1);
    const comment = text.slice(above, lineEnd(text, above));
    if (!comment.trimStart().startsWith("#")) break;
    comments.unshift(comment.trim());
    line = above;
    from = above + comment.length - comment.trimStart().length;
  }
  return { blankLines: 0, comments, from, start: entry.start, end };
}

/** A later entry, with what stands above it; deeper comments there belong to the entry before. null when it does not begin its line. */
function nextBlock(text: string, entry: SourceEntry, before: Block, indent: number): Block | null {
  const start = lineStart(text, entry.start);
  if (entry.start - start !== indent || text.slice(start, entry.start).trim() !== "" || before.end > start) return null;
  const above = text.slice(before.end, start).split("\n").slice(1, -1);
  const isDeeper = (line: string): boolean => line.trim() !== "" && line.length - line.trimStart().length > indent;
  const own = above.findLastIndex(isDeeper) + 1;
  for (let line = 0; line < own; line += 1) before.end = lineEnd(text, text.indexOf("\n", before.end) + 1);
  const lines = above.slice(own).map((line) => line.trim());
  let blankLines = 0;
  while (blankLines < lines.length && lines[blankLines] === "") blankLines += 1;
  return {
    blankLines,
    comments: lines.slice(blankLines),
    from: entry.start,
    start: entry.start,
    end: lineEnd(text, entry.end),
  };
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

/** The end of the line, before what ends it. */
function lineEnd(text: string, offset: number): number {
  const feed = text.indexOf("\n", offset);
  const end = feed === -1 ? text.length : feed;
  return text[end - 1] === "\r" ? end - 1 : end;
}
