import { EvaluationError } from "../evaluation-error.ts";
import type { Meter } from "../meter.ts";
import { show } from "./conversion.ts";
import type { Value } from "./value.ts";

/*
 * The strings extension of CEL. Positions count characters (Unicode code points), not UTF-16 units; a text without
 * surrogates, the usual one, takes the fast way where both are the same.
 */

const surrogate = /[\ud800-\udfff]/;

/** The characters of a text when they differ from its UTF-16 units, else null. */
function charactersOf(value: string, meter: Meter): readonly string[] | null {
  meter.chargeText(value.length);
  if (!surrogate.test(value)) return null;
  meter.charge(value.length);
  return Array.from(value);
}

/** How many characters. */
export function lengthOf(value: string, meter: Meter): number {
  return charactersOf(value, meter)?.length ?? value.length;
}

/** One character; the empty text right behind the last. */
export function charAt(value: string, at: bigint, meter: Meter): string {
  const characters = charactersOf(value, meter) ?? value;
  return characters[position(at, characters.length, "charAt")] ?? "";
}

/** The first position of a part from `from` on, or -1. */
export function indexOf(value: string, part: string, from: bigint | undefined, meter: Meter): number {
  const characters = charactersOf(value, meter);
  meter.chargeSearch(value.length, part.length);
  const start = from === undefined ? 0 : position(from, (characters ?? value).length, "indexOf");
  if (!characters) return value.indexOf(part, start);
  const unit = characters.slice(0, start).join("").length;
  return characterIndex(value, value.indexOf(part, unit), meter);
}

/** The last position of a part that starts at or before `from`, or -1. */
export function lastIndexOf(value: string, part: string, from: bigint | undefined, meter: Meter): number {
  const characters = charactersOf(value, meter);
  meter.chargeSearch(value.length, part.length);
  const start = from === undefined ? Infinity : position(from, (characters ?? value).length, "lastIndexOf");
  if (!characters) return value.lastIndexOf(part, start);
  const unit = start === Infinity ? Infinity : characters.slice(0, start).join("").length;
  return characterIndex(value, value.lastIndexOf(part, unit), meter);
}

function characterIndex(value: string, unit: number, meter: Meter): number {
  return unit < 0 ? -1 : lengthOf(value.slice(0, unit), meter);
}

/** The part from `start` up to, not including, `end`. */
export function substring(value: string, start: bigint, end: bigint | undefined, meter: Meter): string {
  const characters = charactersOf(value, meter);
  const length = (characters ?? value).length;
  const from = position(start, length, "substring");
  const to = end === undefined ? length : position(end, length, "substring");
  if (to < from) throw new EvaluationError("value", `substring: the end ${to} lies before the start ${from}`);
  return characters ? characters.slice(from, to).join("") : value.slice(from, to);
}

function position(at: bigint, length: number, name: string): number {
  if (at >= 0n && at <= BigInt(length)) return Number(at);
  throw new EvaluationError("value", `${name}: position ${at} is outside of a text of ${length} characters`);
}

/** Only the letters A to Z change. */
export function lowerAscii(value: string, meter: Meter): string {
  meter.chargeText(value.length * 4);
  return value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Only the letters a to z change. */
export function upperAscii(value: string, meter: Meter): string {
  meter.chargeText(value.length * 4);
  return value.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

/** Without white space at both ends. */
export function trim(value: string, meter: Meter): string {
  meter.chargeText(value.length);
  return value.trim();
}

/** The characters from the last to the first. */
export function reverse(value: string, meter: Meter): string {
  meter.charge(value.length);
  return Array.from(value).toReversed().join("");
}

/** Every occurrence (or the first `count`) of a part by another text, taken as it is. */
export function replace(value: string, part: string, by: string, count: bigint | undefined, meter: Meter): string {
  const limit = count === undefined || count < 0n ? Infinity : Number(count);
  return pieces(value, part, limit + 1, by.length, meter).join(by);
}

/** The texts between the separators; with a limit, the last piece keeps the rest. An empty separator: characters. */
export function split(value: string, by: string, limit: bigint | undefined, meter: Meter): readonly string[] {
  if (limit === 0n) return [];
  return pieces(value, by, limit === undefined || limit < 0n ? Infinity : Number(limit), 0, meter);
}

/** At most `most` pieces; charged one by one, with what each join of them will add, before they are made. */
function pieces(value: string, by: string, most: number, addedEach: number, meter: Meter): string[] {
  meter.chargeSearch(value.length, by.length);
  if (by === "") return characterPieces(value, most, addedEach, meter);
  const found: string[] = [];
  let start = 0;
  while (found.length < most - 1) {
    const end = value.indexOf(by, start);
    if (end === -1) break;
    meter.chargeText(addedEach);
    found.push(value.slice(start, end));
    start = end + by.length;
  }
  found.push(value.slice(start));
  return found;
}

function characterPieces(value: string, most: number, addedEach: number, meter: Meter): string[] {
  meter.charge(value.length * (1 + Math.floor(addedEach / 64)));
  const characters = Array.from(value);
  // As in Go and CEL, `"ab".replace("", "-")` is "-a-b-" while `"ab".split("")` is ["a", "b"].
  const found = addedEach > 0 ? ["", ...characters, ""] : characters;
  return found.length <= most ? found : [...found.slice(0, most - 1), found.slice(most - 1).join("")];
}

/** The texts of a list with a separator between them. */
export function join(items: readonly Value[], by: string, meter: Meter): string {
  const texts: string[] = [];
  for (const item of items) {
    if (typeof item !== "string") {
      throw new EvaluationError(
        "type",
        `join takes a list of texts, and one item is ${show(item)}; map(x, string(x)) makes texts`,
      );
    }
    meter.chargeText(item.length + by.length);
    texts.push(item);
  }
  return texts.join(by);
}
