import type { Alias, LineCounter, Node, Pair, Scalar, YAMLMap } from "yaml";
import type { SourceFile, Span } from "../diagnostic/source.ts";
import type { Json } from "../util/json.ts";
import type { Pointer } from "./pointer.ts";
import { mapScalarText, type TextMap } from "./scalar-text.ts";
import { yamlLibrary } from "./yaml-library.ts";

/** A YAML file as plain data, with the place of every node. Aliases share the data of their anchor. */
export interface Document {
  /** As it was given, without a byte order mark. */
  readonly source: SourceFile;
  readonly data: Json;
  /**
   * Where a node is, or its key. A pointer that leads nowhere gives the last node on its way; an empty value gives its
   * key. An alias is located where it stands, what is inside it where the anchor is.
   */
  locate(pointer: Pointer, part?: "key" | "value"): Span;
  /**
   * A place inside a text, for expressions: `offset` and `length` are UTF-16 units of its value. Falls back to the
   * node's span where the place cannot be told.
   */
  locateInText(pointer: Pointer, offset: number, length: number): Span;
}

/** Builds the document of a syntax tree; `anchors` names the node that each alias stands for. */
export function createDocument(
  source: SourceFile,
  root: Node,
  data: Json,
  anchors: ReadonlyMap<Alias, Node>,
  lines: LineCounter,
): Document {
  const { isAlias, isMap, isScalar, isSeq } = yamlLibrary();
  const indexes = new WeakMap<YAMLMap, Map<unknown, Pair>>();
  const textMaps = new WeakMap<Scalar, { readonly map: TextMap | null }>();

  const resolve = (node: Node): Node => (isAlias(node) ? (anchors.get(node) ?? node) : node);

  /** Pairs by key, made once a map: a look-up in the tree itself is a search. */
  function pairOf(map: YAMLMap, key: string | number): Pair | undefined {
    let index = indexes.get(map);
    if (!index) {
      index = new Map(map.items.map((pair) => [isScalar(pair.key) ? pair.key.value : pair.key, pair]));
      indexes.set(map, index);
    }
    return index.get(key);
  }

  /** The node at the end of the pointer with its key; stops early where there is nothing. */
  function find(pointer: Pointer): { node: Node; key: Node | null } {
    let node: Node = root;
    let key: Node | null = null;
    for (const segment of pointer) {
      const parent = resolve(node);
      if (isMap(parent)) {
        const pair = pairOf(parent, segment);
        if (!pair) break;
        key = pair.key as Node;
        node = (pair.value as Node | null) ?? key;
      } else if (isSeq(parent) && typeof segment === "number" && parent.items[segment]) {
        node = parent.items[segment] as Node;
        key = null;
      } else {
        break;
      }
    }
    return { node, key };
  }

  return {
    source,
    data,
    locate(pointer, part = "value") {
      const { node, key } = find(pointer);
      const [start, end] = extent(source.text, part === "key" ? (key ?? node) : node);
      if (start === end && key) return spanOf(lines, ...extent(source.text, key));
      return spanOf(lines, start, end);
    },
    locateInText(pointer, offset, length) {
      const scalar = resolve(find(pointer).node);
      if (!isScalar(scalar)) return this.locate(pointer);
      let cached = textMaps.get(scalar);
      if (!cached) textMaps.set(scalar, (cached = { map: mapScalarText(source.text, scalar) }));
      const start = cached.map?.starts[offset] ?? cached.map?.ends[offset - 1];
      if (start === undefined) return this.locate(pointer);
      const end = length === 0 ? start : (cached.map?.ends[offset + length - 1] ?? start);
      return spanOf(lines, start, end);
    },
  };
}

/** A document whose places are found only when one is asked for: `places` reads the source once more. */
export function createLazyDocument(source: SourceFile, data: Json, places: () => Document): Document {
  let read: Document | null = null;
  const document = (): Document => (read ??= places());
  return {
    source,
    data,
    locate: (pointer, part) => document().locate(pointer, part),
    locateInText: (pointer, offset, length) => document().locateInText(pointer, offset, length),
  };
}

/** From the first to the last character of a node, without the white space after it. */
function extent(text: string, node: Node): [number, number] {
  const [start, valueEnd] = node.range ?? [0, 0];
  let end = valueEnd;
  while (end > start && /\s/.test(text[end - 1] as string)) end--;
  return [start, end];
}

/** The span of two offsets, the end exclusive. */
export function spanOf(lines: LineCounter, start: number, end: number): Span {
  const from = lines.linePos(start);
  const to = lines.linePos(end);
  return {
    line: Math.max(1, from.line),
    column: Math.max(1, from.col),
    endLine: Math.max(1, to.line),
    endColumn: Math.max(1, to.col),
  };
}
