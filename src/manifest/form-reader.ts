import type { DiagnosticCode } from "../diagnostic/code.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { suggest } from "../diagnostic/suggest.ts";
import type { Document } from "./document.ts";
import type { Pointer } from "./pointer.ts";
import { isJsonObject, type Json } from "../util/json.ts";

/** A value of the file and where it is; what is not there has the value undefined. */
export interface Place {
  readonly value: Json | undefined;
  readonly pointer: Pointer;
}

/** Reads values of a document one by one, and collects what is wrong with their form. A wrong value reads as null. */
export class FormReader {
  readonly diagnostics: Diagnostic[] = [];
  readonly #document: Document;
  /** Keys that were meant by misspelt ones: they are not missing as well. */
  readonly #meant = new Set<string>();

  constructor(document: Document) {
    this.#document = document;
  }

  get root(): Place {
    return { value: this.#document.data, pointer: [] };
  }

  /** 1-based. */
  lineOf(place: Place): number {
    return this.#document.locate(place.pointer, "key").line;
  }

  problem(
    place: Place,
    code: DiagnosticCode,
    message: string,
    help: string | null = null,
    part: "key" | "value" = "value",
  ): null {
    const span = this.#document.locate(place.pointer, part);
    const file = this.#document.source.path;
    this.diagnostics.push({ file, span, severity: "error", code, message, help, related: [] });
    return null;
  }

  /** The members of a map; a function from key to place. Keys that are not among `keys` are reported. */
  map<Key extends string>(place: Place, what: string, keys: readonly Key[]): ((key: Key) => Place) | null {
    const { value, pointer } = place;
    if (!isJsonObject(value)) return this.#wrongType(place, what, "a map");
    for (const key of Object.keys(value)) {
      if ((keys as readonly string[]).includes(key)) continue;
      const meant = suggest(key, keys);
      const help = meant === null ? `the keys are ${keys.join(", ")}` : `did you mean '${meant}'?`;
      if (meant !== null) this.#meant.add(JSON.stringify([...pointer, meant]));
      const unknown = { value: undefined, pointer: [...pointer, key] };
      this.problem(unknown, "WF2001", `unknown key '${key}' in ${what}`, help, "key");
    }
    return (key) => ({ value: Object.hasOwn(value, key) ? value[key] : undefined, pointer: [...pointer, key] });
  }

  list(place: Place, what: string): readonly Place[] {
    const { value, pointer } = place;
    if (Array.isArray(value)) return value.map((item: Json, index) => ({ value: item, pointer: [...pointer, index] }));
    this.#wrongType(place, what, "a list");
    return [];
  }

  text(place: Place, what: string): string | null {
    return typeof place.value === "string" ? place.value : this.#wrongType(place, what, "a text");
  }

  number(place: Place, what: string): number | null {
    return typeof place.value === "number" ? place.value : this.#wrongType(place, what, "a number");
  }

  /** A whole number from `least` on. */
  integer(place: Place, what: string, least: number): number | null {
    const value = this.number(place, what);
    if (value === null || (Number.isSafeInteger(value) && value >= least)) return value;
    return this.problem(place, "WF2005", `${what} must be a whole number from ${least} on`);
  }

  boolean(place: Place, what: string): boolean | null {
    return typeof place.value === "boolean" ? place.value : this.#wrongType(place, what, "true or false");
  }

  /** The entries of a map with names of the user's own; none where the key is not there. */
  entries(place: Place, what: string): readonly (readonly [string, Place])[] {
    const { value, pointer } = place;
    if (value === undefined) return [];
    if (!isJsonObject(value)) {
      this.#wrongType(place, what, "a map of names");
      return [];
    }
    return Object.entries(value).map(([name, entry]) => [name, { value: entry, pointer: [...pointer, name] }]);
  }

  oneOf<T extends string>(place: Place, what: string, values: readonly T[]): T | null {
    if (place.value === undefined) return this.#missing(place, what);
    const found = values.find((value) => value === place.value);
    return found ?? this.problem(place, "WF2004", `${what} must be one of ${values.join(", ")}`);
  }

  /** What `read` makes of a value that may be left out. */
  optional<T>(place: Place, read: (place: Place) => T | null): T | null {
    return place.value === undefined ? null : read(place);
  }

  #wrongType(place: Place, what: string, type: string): null {
    if (place.value === undefined) return this.#missing(place, what);
    return this.problem(place, "WF2003", `${what} must be ${type}`);
  }

  #missing(place: Place, what: string): null {
    if (this.#meant.has(JSON.stringify(place.pointer))) return null;
    return this.problem(place, "WF2002", `${what} is missing`);
  }
}
