import { sourceOffset } from "../../expression/parse.ts";
import { parseSource, referencesOfParsed, type Parsed } from "../../expression/parsed.ts";
import type { Reference, Template } from "../../expression/template.ts";
import { pieceAt, type ExpandedPiece } from "../../expression/text/partial.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import { isJsonObject, type Json } from "../../util/json.ts";
import type { Piece } from "../problems.ts";

/**
 * Where an expression stands decides which names it may read:
 * - `environment`: the file's `env`; `instructions`: an agent's, with its `agent_environment` and each `argument` of its
 *   program; `outputs`: the workflow's.
 * - `gate`: the parts of a step that are evaluated once, `for_each` and `on_error` (no `item`); `condition`: its `if`.
 * - `unit`: the parts that every unit reads; `unit_environment`: the `env` of a `run` step.
 * - `key`: what names an item, `item_key`; `until`: what ends a `repeat`.
 * - `group_outputs`: what a group gives, evaluated for each of its units.
 */
export type Place =
  | "environment"
  | "instructions"
  | "agent_environment"
  | "argument"
  | "outputs"
  | "gate"
  | "condition"
  | "unit"
  | "unit_environment"
  | "key"
  | "until"
  | "group_outputs";

/** One expression of the manifest: a whole `${{ }}`, a bare condition, or a text with `{{ }}` in it. */
export interface Site {
  readonly pointer: Pointer;
  readonly template: Template & { readonly kind: "cel" | "text" };
  readonly parsed: Parsed;
  readonly place: Place;
  /** Where the template's source starts in the text at the pointer, in UTF-16 units. */
  readonly start: number;
  /** What the text was made of where it has partials; empty for the others. */
  readonly pieces: readonly ExpandedPiece[];
  /** The names that it reads. */
  readonly references: readonly Reference[];
}

/** A piece of the site's source as one of the text that the user wrote; all of a partial is where it is put in. */
export function pieceOf(site: Site, { offset, length }: Piece): Piece {
  const piece = pieceAt(site.pieces, offset);
  if (piece === null) return { offset: site.start + offset, length };
  if (piece.partial !== null) return { offset: piece.offset, length: piece.partial.length };
  return { offset: piece.offset + offset - piece.start, length };
}

/** The partial of a text in which a place lies, or null. */
export function partialAt(site: Site, offset: number): string | null {
  return pieceAt(site.pieces, offset)?.partial?.name ?? null;
}

/** The expressions in a template with their pointers; `value` is what it was parsed from. */
export function sitesOf(
  template: Template,
  value: Json,
  pointer: Pointer,
  place: Place,
  into: Site[],
  pieces: readonly ExpandedPiece[] = [],
): void {
  switch (template.kind) {
    case "cel":
    case "text": {
      const start = typeof value === "string" ? sourceOffset(value, template) : 0;
      const parsed = parseSource(template);
      into.push({ pointer, template, parsed, place, start, pieces, references: referencesOfParsed(parsed) });
      return;
    }
    case "list":
      if (!Array.isArray(value)) return;
      template.items.forEach((item, index) => sitesOf(item, value[index] as Json, [...pointer, index], place, into));
      return;
    case "object":
      if (!isJsonObject(value)) return;
      for (const [key, entry] of Object.entries(template.entries)) {
        sitesOf(entry, value[key] as Json, [...pointer, key], place, into);
      }
      return;
    case "literal":
  }
}
