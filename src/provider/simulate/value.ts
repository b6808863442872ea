import { canonicalJson } from "../../util/canonical-json.ts";
import { isJsonObject, type Json, type JsonObject, type JsonSchema } from "../../util/json.ts";
import { simulatedNumber } from "./number.ts";
import { pick } from "./seed.ts";
import { simulatedString } from "./text.ts";

/** From this depth on a value has only what it must have, so that a schema which leads back to itself ends. */
const DEEPEST_OPTIONAL = 6;
/** And here it ends in null, whatever the schema says. */
const DEEPEST = 64;
/** No made-up list is longer, whatever `minItems` asks. */
const MOST_ITEMS = 1000;
/** And no value has more parts: beyond them all is null, so a schema that doubles on every level stays small. */
const MOST_PARTS = 10_000;

/** What stands for the text of a step that was not carried out. */
export function simulatedText(step: string): string {
  return `[simulated:${step}]`;
}

/**
 * A value that fits a JSON Schema, always the same one for the same seed. Reads types, enums, constants, properties,
 * items, formats, patterns, limits, local references, and the first branch of a union. What it cannot read (`not`, `if`,
 * remote references, look-around) it passes over: the value may then not fit.
 */
export function simulatedValue(schema: JsonSchema, seed: string): Json {
  return valueOf(schema, { root: schema, seed, name: "value", depth: 0, tally: { parts: 0 } });
}

interface Place {
  readonly root: JsonSchema;
  /** The seed of the whole and the path to here. */
  readonly seed: string;
  /** The nearest name above: what a text is for. */
  readonly name: string;
  readonly depth: number;
  readonly tally: { parts: number };
}

function valueOf(schema: Json | undefined, place: Place): Json {
  place.tally.parts += 1;
  const flat = flatten(schema, place.root);
  if (flat === null || place.depth > DEEPEST || place.tally.parts > MOST_PARTS) return null;
  if (flat["const"] !== undefined) return flat["const"];
  const choices = flat["enum"];
  if (Array.isArray(choices) && choices.length > 0) return choices[pick(place.seed, choices.length)] as Json;
  switch (typeOf(flat)) {
    case "object":
      return objectOf(flat, place);
    case "array":
      return listOf(flat, place);
    case "integer":
      return simulatedNumber(flat, true, place.seed);
    case "number":
      return simulatedNumber(flat, false, place.seed);
    case "boolean":
      return pick(place.seed, 2) === 1;
    case "null":
      return null;
    default:
      return simulatedString(flat, place.name, place.seed);
  }
}

/** Properties that must be there, then the others; the first ones where there may be only so many. */
function objectOf(schema: JsonObject, place: Place): Json {
  const declared = isJsonObject(schema["properties"]) ? schema["properties"] : {};
  const required = namesOf(schema["required"]);
  const mayHaveMore = place.depth < DEEPEST_OPTIONAL && place.tally.parts < MOST_PARTS / 2;
  const optional = mayHaveMore ? Object.keys(declared).filter((name) => declared[name] !== false) : [];
  const dependent = isJsonObject(schema["dependentRequired"]) ? schema["dependentRequired"] : {};
  const names = new Set(required);
  const most = typeof schema["maxProperties"] === "number" ? schema["maxProperties"] : Infinity;
  for (const name of optional) if (names.size < most) names.add(name);
  for (const name of names) for (const other of namesOf(dependent[name])) names.add(other);
  const least = typeof schema["minProperties"] === "number" ? Math.min(schema["minProperties"], MOST_ITEMS) : 0;
  for (let index = 1; names.size < least; index += 1) names.add(`key_${index}`);
  const others = schema["additionalProperties"] ?? true;
  const entries = [...names].map((name) => {
    const part = Object.hasOwn(declared, name) ? declared[name] : others;
    return [name, valueOf(part, inside(place, name, name))] as const;
  });
  return Object.fromEntries(entries);
}

function listOf(schema: JsonObject, place: Place): Json {
  const first = Array.isArray(schema["prefixItems"]) ? (schema["prefixItems"] as readonly Json[]) : [];
  const least = lengthOf(schema["minItems"], schema["contains"] === undefined ? 0 : 1);
  const most = lengthOf(schema["maxItems"], MOST_ITEMS);
  const isFull = place.depth >= DEEPEST_OPTIONAL || place.tally.parts >= MOST_PARTS / 2;
  const usual = isFull || schema["items"] === false ? first.length : Math.max(first.length, 1 + pick(place.seed, 3));
  const length = Math.min(Math.max(least, Math.min(usual, most)), MOST_ITEMS);
  const seen = new Set<string>();
  const items: Json[] = [];
  for (let index = 0; index < length; index += 1) {
    const part = first[index] ?? (index === first.length ? schema["contains"] : undefined) ?? schema["items"];
    const item = distinctItem(part, index, place, schema["uniqueItems"] === true ? seen : null);
    if (item !== undefined) items.push(item);
  }
  return items;
}

/** One that is not in the list yet, where all must differ; undefined when a few tries found none. */
function distinctItem(
  schema: Json | undefined,
  index: number,
  place: Place,
  seen: Set<string> | null,
): Json | undefined {
  for (let turn = 0; turn < (seen === null ? 1 : 32); turn += 1) {
    const item = valueOf(schema, inside(place, turn === 0 ? `${index}` : `${index}#${turn}`, place.name));
    if (seen === null) return item;
    const text = canonicalJson(item);
    if (!seen.has(text)) {
      seen.add(text);
      return item;
    }
  }
  return undefined;
}

/**
 * The schema with what its references, `allOf`, and the first branches of its unions say taken into it; null when
 * there is nothing to read. Bounded: references that lead in a circle end.
 */
function flatten(schema: Json | undefined, root: JsonSchema): JsonObject | null {
  if (schema === true || schema === undefined) return {};
  let open: Json[] = [schema];
  let flat: JsonObject = {};
  for (let turn = 0; turn < DEEPEST && open.length > 0; turn += 1) {
    const next: Json[] = [];
    for (const part of open) {
      if (!isJsonObject(part)) continue;
      const { $ref: reference, allOf, anyOf, oneOf, ...rest } = part;
      flat = merged(flat, rest);
      if (typeof reference === "string") next.push(resolved(reference, root));
      if (Array.isArray(allOf)) next.push(...(allOf as readonly Json[]));
      for (const union of [anyOf, oneOf]) if (Array.isArray(union)) next.push((union as readonly Json[])[0] ?? null);
    }
    open = next;
  }
  return schema === false ? null : flat;
}

/** Both schemas at once: properties and required names of both, the narrower limit, else what the first one says. */
function merged(first: JsonObject, second: JsonObject): JsonObject {
  const both: { [keyword: string]: Json } = { ...second, ...first };
  for (const keyword of ["properties", "dependentRequired"]) {
    const [a, b] = [first[keyword], second[keyword]];
    if (isJsonObject(a) && isJsonObject(b)) both[keyword] = { ...b, ...a };
  }
  if (first["required"] !== undefined && second["required"] !== undefined) {
    both["required"] = [...namesOf(first["required"]), ...namesOf(second["required"])];
  }
  for (const [keyword, narrower] of limits) {
    const [a, b] = [first[keyword], second[keyword]];
    if (typeof a === "number" && typeof b === "number") both[keyword] = narrower(a, b);
  }
  return both;
}

const limits: readonly (readonly [string, (a: number, b: number) => number])[] = [
  ...["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"].map((name) => [name, Math.max] as const),
  ...["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"].map((name) => [name, Math.min] as const),
];

/** What a reference inside the schema (`#/$defs/name`) leads to; null when it leads nowhere. */
function resolved(reference: string, root: JsonSchema): Json {
  if (!reference.startsWith("#")) return null;
  let part: Json | undefined = root;
  for (const raw of reference.slice(1).split("/").slice(1)) {
    const name = decoded(raw).replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(part)) part = (part as readonly Json[])[Number(name)];
    else part = isJsonObject(part) && Object.hasOwn(part, name) ? part[name] : undefined;
  }
  return part ?? null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The type that is named, the first that is not null of several, or the one whose keywords there are. */
function typeOf(schema: JsonObject): string {
  const { type } = schema;
  if (typeof type === "string") return type;
  if (Array.isArray(type)) return String(type.find((name) => name !== "null") ?? "null");
  const has = (...keywords: readonly string[]): boolean => keywords.some((keyword) => schema[keyword] !== undefined);
  if (has("properties", "required", "additionalProperties", "minProperties", "maxProperties")) return "object";
  if (has("items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems")) return "array";
  return has("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf") ? "number" : "string";
}

function inside(place: Place, step: string, name: string): Place {
  return { ...place, seed: `${place.seed}/${step}`, name, depth: place.depth + 1 };
}

function namesOf(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter((name) => typeof name === "string") : [];
}

function lengthOf(value: Json | undefined, otherwise: number): number {
  return typeof value === "number" && value >= 0 ? value : otherwise;
}
