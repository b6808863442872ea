import { isMap, isSeq, visit, type Document, type Node, type Pair } from "yaml";
import type { Pointer } from "../manifest/pointer.ts";

/** A map as it is written: where its entries stand. Offsets are UTF-16 units of the text. */
export interface SourceMap {
  readonly isFlow: boolean;
  readonly entries: readonly SourceEntry[];
}

export interface SourceEntry {
  readonly key: string;
  /** From the first character of the key to the last of the value, comments at its end not included. */
  readonly start: number;
  readonly end: number;
}

/** The map at a pointer as it is written there itself (not through an alias); null when it cannot be told apart. */
export function sourceMapAt(document: Document.Parsed, text: string, pointer: Pointer): SourceMap | null {
  const node = pointer.length === 0 ? document.contents : document.getIn(pointer, true);
  if (!isMap(node)) return null;
  const entries = (node.items as Pair<Node, Node | null>[]).map((pair) => entryOf(pair, text));
  if (entries.some((entry) => entry === null)) return null;
  return { isFlow: node.flow === true, entries: entries as SourceEntry[] };
}

function entryOf({ key, value }: Pair<Node, Node | null>, text: string): SourceEntry | null {
  const [start, keyEnd] = key.range ?? [0, 0];
  // An anchor or a tag of a key stands before it: such keys stay where they are.
  if (keyEnd === 0 || hasProperties(key) || typeof (key as { value?: unknown }).value !== "string") return null;
  const end = Math.max(keyEnd, value === null ? 0 : endOf(value));
  return { key: (key as unknown as { value: string }).value, start, end: withoutSpace(text, start, end) };
}

function hasProperties(node: Node): boolean {
  return (node as { anchor?: string }).anchor !== undefined || node.tag !== undefined;
}

/** Where a node ends, with all that is in it: that of a block collection is where its last value ends. */
function endOf(node: Node): number {
  const own = (node.range as [number, number, number])[1];
  if (isMap(node) && node.flow !== true) {
    const last = node.items.at(-1) as Pair<Node, Node | null> | undefined;
    return last === undefined ? own : endOf(last.value ?? last.key);
  }
  if (isSeq(node) && node.flow !== true) {
    const last = node.items.at(-1) as Node | undefined;
    return last === undefined ? own : endOf(last);
  }
  return own;
}

function withoutSpace(text: string, start: number, end: number): number {
  let last = end;
  while (last > start && /\s/.test(text[last - 1] as string)) last -= 1;
  return last;
}

/** Whether any of these entries names by an alias what stands in another one: then their order says something. */
export function hasAliasBetween(document: Document.Parsed, pointer: Pointer): boolean {
  const node = pointer.length === 0 ? document.contents : document.getIn(pointer, true);
  if (!isMap(node)) return false;
  const anchors = new Map<string, number>();
  let found = false;
  node.items.forEach((pair, index) => {
    visit(pair.value as Node | null, {
      Node: (_, inner) => {
        const name = (inner as { anchor?: string }).anchor;
        if (name !== undefined) anchors.set(name, index);
      },
      Alias: (_, alias) => {
        const at = anchors.get(alias.source);
        if (at !== index) found = true;
      },
    });
  });
  return found;
}
