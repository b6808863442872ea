import type { Json } from "../util/json.ts";

/**
 * A value as the manifest writes it, parsed once: plain data that prints, hashes and evaluates.
 * - `literal`: the value itself, no expression inside.
 * - `cel`: `${{ source }}` as a whole string, or a bare expression (`if`, `until`, `accept`): a typed value.
 * - `text`: a text with `{{ }}` inside: always a string. `files` are the texts of the files that it names by literal
 *   paths (`{{ file "notes.md" }}`), by these paths: data, whatever is in them.
 * - `list`, `object`: data with a template somewhere inside.
 */
export type Template =
  | { readonly kind: "literal"; readonly value: Json }
  | { readonly kind: "cel"; readonly source: string }
  | { readonly kind: "text"; readonly source: string; readonly files?: { readonly [path: string]: string } }
  | { readonly kind: "list"; readonly items: readonly Template[] }
  | { readonly kind: "object"; readonly entries: { readonly [key: string]: Template } };

/**
 * A name that an expression reads: the longest static path, e.g. `["steps", "draft", "output", "title"]`.
 * `offset` and `length` are UTF-16 units inside the template's source.
 */
export interface Reference {
  readonly path: readonly string[];
  readonly offset: number;
  readonly length: number;
}
