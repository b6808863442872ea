import { isJsonObject, type Json } from "./json.ts";

/** Texts that stand in JSON as they are: most texts, and looking is faster than asking for the JSON of each. */
const PLAIN = /^[ !#-[\]-~]*$/;

/**
 * The canonical text of a value: keys sorted by UTF-16 code unit, no white space. Equal values give equal text; used
 * for every digest.
 */
export function canonicalJson(value: Json): string {
  if (typeof value === "string") return PLAIN.test(value) ? `"${value}"` : JSON.stringify(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  let text = "";
  writeCanonicalJson(value, (part) => (text += part));
  return text;
}

/** Characters of a part: so many that handing it over costs little, so few that it never leaves the young heap. */
const PART_LENGTH = 64 * 1024;

/** Gives the canonical text of a value in parts, in order: that of a large plan is a hundred megabytes. */
export function writeCanonicalJson(value: Json, take: (part: string) => void): void {
  let keys: KeyOrders | null = null;
  let part = "";
  const write = (each: Json): void => {
    if (typeof each === "string") part += PLAIN.test(each) ? `"${each}"` : JSON.stringify(each);
    else if (each === null || each === true || each === false) part += each;
    else if (Array.isArray(each)) writeList(each);
    else if (isJsonObject(each)) {
      const order = (keys ??= new KeyOrders()).of(each);
      part += "{";
      for (let index = 0; index < order.sorted.length; index++) {
        part += order.labels[index];
        write(each[order.sorted[index] as string] as Json);
      }
      part += "}";
    } else part += JSON.stringify(each);
  };
  const writeList = (list: readonly Json[]): void => {
    part += "[";
    list.forEach((each, index) => {
      if (index > 0) part += ",";
      write(each);
      if (part.length < PART_LENGTH) return;
      take(part);
      part = "";
    });
    part += "]";
  };
  write(value);
  take(part);
}

/** The keys of an object in canonical order, and what stands before each of their values. */
interface KeyOrder {
  readonly keys: readonly string[];
  readonly sorted: readonly string[];
  readonly labels: readonly string[];
}

/** Objects that are made in one place have the same keys: their order is kept for those that come after. */
const MOST_KEPT = 64;

class KeyOrders {
  /** By number of keys, the ones used last first. */
  readonly #known = new Map<number, KeyOrder[]>();

  of(value: object): KeyOrder {
    const keys = Object.keys(value);
    let known = this.#known.get(keys.length);
    if (known === undefined) this.#known.set(keys.length, (known = []));
    for (const order of known) if (isSame(order.keys, keys)) return order;
    const sorted = keys.toSorted();
    const labels = sorted.map((key, index) => `${index === 0 ? "" : ","}${JSON.stringify(key)}:`);
    const order = { keys, sorted, labels };
    if (known.length < MOST_KEPT) known.push(order);
    return order;
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}
