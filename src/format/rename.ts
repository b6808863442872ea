import type { Document } from "yaml";
import { foreignWord, snakeCase } from "../manifest/foreign.ts";
import type { Pointer } from "../manifest/pointer.ts";
import { isJsonObject, type Json } from "../util/json.ts";
import type { KnownMap } from "./known-map.ts";
import { sourceMapAt } from "./source-map.ts";

/** A key that gets its right name: the entry's text from `start` to `end` is replaced. */
export interface Rename {
  readonly pointer: Pointer;
  readonly from: string;
  readonly to: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** A word of another tool, whose value may mean something else here: whoever takes it over checks the result. */
  readonly isForeign: boolean;
}

/** Keys in another spelling (`maxParallel`), and words of other tools (`depends_on`) that have one of ours in their place. */
export function renames(
  text: string,
  document: Document.Parsed,
  data: Json,
  maps: readonly KnownMap[],
): readonly Rename[] {
  return maps.flatMap(({ pointer, schema, keys }) => {
    const known = Object.keys(schema.properties ?? {});
    const unknown = keys.filter((key) => !known.includes(key) && !key.startsWith("x-"));
    if (unknown.length === 0) return [];
    const source = sourceMapAt(document, text, pointer);
    const object = valueAt(data, pointer);
    if (source === null || !isJsonObject(object)) return [];
    const taken = new Set(keys);
    return unknown.flatMap((key): Rename[] => {
      const entry = source.entries.find((each) => each.key === key);
      const snake = snakeCase(key);
      const foreign = foreignWord(schema["x-place"] ?? "", key, object[key]);
      const to = known.includes(snake) ? snake : (foreign?.key ?? null);
      if (entry === undefined || to === null || taken.has(to) || !known.includes(to)) return [];
      taken.add(to);
      const isForeign = to !== snake;
      const moved = isForeign ? (foreign?.moved ?? null) : null;
      const written = text.slice(entry.start, entry.end);
      const quoted = /^(["']).*?\1/.exec(written)?.[0] ?? key;
      const renamed = to + written.slice(quoted.length);
      return [{ pointer, from: key, to, start: entry.start, end: entry.end, text: moved ?? renamed, isForeign }];
    });
  });
}

function valueAt(data: Json, pointer: Pointer): Json | undefined {
  let value: Json | undefined = data;
  for (const segment of pointer) value = (value as { [key: string | number]: Json } | undefined)?.[segment];
  return value;
}
