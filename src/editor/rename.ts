import type { Span } from "../diagnostic/source.ts";
import type { Document } from "../manifest/document.ts";
import type { Pointer } from "../manifest/pointer.ts";
import type { CheckedFile } from "../plan/check-file.ts";
import { partialAt, pieceOf, type Site } from "../plan/passes/site.ts";
import { isJsonObject, type Json } from "../util/json.ts";
import { err, ok, type Result } from "../util/result.ts";

const ID = /^[a-z][a-z0-9_]{0,63}$/;

/**
 * The places of a step's name in its file: its key, `needs`, and all expressions and texts. The error is a sentence that
 * says why it cannot get the new name. `checked` and `document` are of the same text.
 */
export function renameStep(
  checked: CheckedFile,
  document: Document,
  from: string,
  to: string,
): Result<readonly Span[], string> {
  const own = checked.placed.get(from);
  if (own === undefined) return err(`there is no step '${from}'`);
  if (!ID.test(to)) return err(`'${to}' is no name of a step: small letters, digits and _, a letter first`);
  if (to !== from && checked.placed.has(to)) return err(`there is a step '${to}' already`);
  const places: Span[] = [document.locate(own.parsed.step.pointer, "key")];
  for (const { parsed } of checked.placed.values()) {
    const pointer = [...parsed.step.pointer, "needs"];
    for (const found of needsNaming(valueAt(document.data, pointer), pointer, from)) {
      places.push(document.locateInText(found, 0, from.length));
    }
  }
  for (const site of sitesOf(checked)) {
    for (const { path, offset, length } of site.references) {
      if (path[0] !== "steps" || path[1] !== from) continue;
      const partial = partialAt(site, offset);
      if (partial !== null) return err(`the partial '${partial}' names it, and others may use that: rename it by hand`);
      const source = sourceOf(site).slice(offset, offset + length);
      const name = source.indexOf(from, source.indexOf("steps") + "steps".length);
      const piece = pieceOf(site, { offset: offset + name, length: from.length });
      places.push(document.locateInText(site.pointer, piece.offset, piece.length));
    }
  }
  return ok([...new Map(places.map((span) => [`${span.line}:${span.column}`, span])).values()]);
}

function sitesOf({ parsed, placed }: CheckedFile): readonly Site[] {
  const inSteps = [...placed.values()].flatMap(({ parsed: { sites, body } }) =>
    body.kind === "steps" ? [...sites, ...body.scope.sites] : sites,
  );
  return [...parsed.sites, ...parsed.scope.sites, ...inSteps];
}

const sourceOf = ({ template }: Site): string => template.source;

/** Pointers to the texts of a `needs` in any of its forms. */
function needsNaming(value: Json | undefined, pointer: Pointer, name: string): Pointer[] {
  if (value === name) return [pointer];
  if (Array.isArray(value)) return value.flatMap((each, index) => needsNaming(each as Json, [...pointer, index], name));
  if (!isJsonObject(value)) return [];
  return ["any", "of"].flatMap((key) => needsNaming(value[key], [...pointer, key], name));
}

function valueAt(data: Json, pointer: Pointer): Json | undefined {
  let at: Json | undefined = data;
  for (const segment of pointer) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, segment)) return undefined;
    at = (at as { readonly [key: string | number]: Json })[segment];
  }
  return at;
}
