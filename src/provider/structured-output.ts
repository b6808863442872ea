import { isJsonObject, type Json, type JsonObject, type JsonSchema } from "../util/json.ts";

/** What a provider can be made to keep to while it writes. */
export interface StructuredOutput {
  /** What the provider is sent. Every value that fits it and the original's value limits fits the original. */
  readonly schema: JsonObject;
  /** Nothing of the original was left out; otherwise the prompt must say the rest. */
  readonly complete: boolean;
}

/** The subset of JSON Schema that a provider's structured output takes. */
export interface SchemaSubset {
  readonly formats: ReadonlySet<string>;
  /** Limits on values that are understood; all others are left out, told in the prompt, and checked by the caller. */
  readonly valueLimits: ReadonlySet<string>;
  /** The most that `minItems` may say. */
  readonly mostMinItems: number;
  /** How many properties in all need not be there. */
  readonly mostOptionalProperties: number;
  /** How many unions there may be in all. */
  readonly mostUnions: number;
  /** How many schemas may be inside each other: deeper ones are left to the prompt. */
  readonly deepest: number;
  /** A definition may lead back to itself. */
  readonly recursion: boolean;
  /** Keywords that only describe and may be sent. */
  readonly words: ReadonlySet<string>;
}

const types = new Set(["object", "array", "string", "integer", "number", "boolean", "null"]);

/** Say nothing about which values are valid. */
const annotations = new Set([
  "$schema",
  "$comment",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  "title",
  "description",
  "default",
]);

/** Limits on values, which a schema may do without as long as the prompt tells them. */
const valueLimits = new Set([
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "pattern",
  "maxItems",
  "uniqueItems",
  "contains",
  "minContains",
  "maxContains",
  "minProperties",
  "maxProperties",
  "dependentRequired",
]);

/** Keywords that mean something for values of one type only. */
const typeOfKeyword: { readonly [keyword: string]: string } = {
  properties: "object",
  required: "object",
  additionalProperties: "object",
  items: "array",
  minItems: "array",
  format: "string",
};

/** What is counted over the whole schema. */
interface Tally {
  complete: boolean;
  optional: number;
  unions: number;
  /** Which definitions each definition refers to; "" is the root. */
  readonly references: Map<string, Set<string>>;
}

/** Where in the schema we are. */
interface Place {
  readonly subset: SchemaSubset;
  readonly tally: Tally;
  readonly definitions: JsonObject;
  /** The definition that is being read, "" at the root. */
  readonly definition: string;
  readonly depth: number;
}

/**
 * The part of a JSON Schema that a provider's structured output can express; null when its shape is outside the
 * subset (a root that is not an object, open objects, `not`, `if`, tuples, ...) and the prompt must do.
 */
export function structuredOutput(schema: JsonSchema, subset: SchemaSubset): StructuredOutput | null {
  if (!isJsonObject(schema) || schema["type"] !== "object") return null;
  const definitions = schema["$defs"] ?? schema["definitions"] ?? {};
  if (!isJsonObject(definitions)) return null;
  const tally: Tally = { complete: true, optional: 0, unions: 0, references: new Map() };
  const place = { subset, tally, definitions, definition: "", depth: 0 };

  const { $defs: _new, definitions: _old, ...root } = schema;
  const narrowed = narrow(root, place);
  if (narrowed === null) return null;
  const narrowedDefinitions: [string, JsonObject][] = [];
  for (const [name, definition] of Object.entries(definitions)) {
    const part = narrow(definition, { ...place, definition: name });
    if (part === null) return null;
    narrowedDefinitions.push([name, part]);
  }
  if (tally.optional > subset.mostOptionalProperties || tally.unions > subset.mostUnions) return null;
  if (!subset.recursion && isRecursive(tally.references)) return null;
  const withDefinitions = narrowedDefinitions.length > 0 ? { $defs: Object.fromEntries(narrowedDefinitions) } : {};
  return { schema: { ...narrowed, ...withDefinitions }, complete: tally.complete };
}

function narrow(schema: Json, place: Place): JsonObject | null {
  if (!isJsonObject(schema) || place.depth > place.subset.deepest) return null;
  if (schema["$ref"] !== undefined) return narrowReference(schema, place);
  const result: [string, Json][] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    if (place.subset.words.has(keyword)) result.push([keyword, value]);
    if (annotations.has(keyword) || keyword.startsWith("x-")) continue;
    if (valueLimits.has(keyword) && !place.subset.valueLimits.has(keyword)) {
      place.tally.complete = false;
      continue;
    }
    const kept = narrowKeyword(keyword, value, schema, place);
    if (kept === null) return null;
    result.push(...kept);
  }
  const narrowed = Object.fromEntries(result);
  if (!["type", "enum", "const", "anyOf"].some((keyword) => narrowed[keyword] !== undefined)) return null;
  // A list of anything is as open as an open object.
  if (allows(schema["type"], "array") && narrowed["items"] === undefined) return null;
  return allows(schema["type"], "object") ? closeObject(narrowed, place) : narrowed;
}

/** The keyword as the API takes it: as entries, none when it is dropped; null when nothing will do. */
function narrowKeyword(keyword: string, value: Json, schema: JsonObject, place: Place): [string, Json][] | null {
  const inner = { ...place, depth: place.depth + 1 };
  const onlyFor = Object.hasOwn(typeOfKeyword, keyword) ? typeOfKeyword[keyword] : undefined;
  if (onlyFor !== undefined && !allows(schema["type"], onlyFor)) return schema["type"] === undefined ? null : [];
  switch (keyword) {
    case "type":
      if (Array.isArray(value)) place.tally.unions += 1;
      return [value].flat().every((type) => typeof type === "string" && types.has(type)) ? [[keyword, value]] : null;
    case "const":
      return isPrimitive(value) ? [[keyword, value]] : null;
    case "enum":
      return Array.isArray(value) && value.length > 0 && value.every(isPrimitive) ? [[keyword, value]] : null;
    case "format":
      if (typeof value === "string" && place.subset.formats.has(value)) return [[keyword, value]];
      place.tally.complete = false;
      return [];
    case "minItems": {
      const most = place.subset.mostMinItems;
      if (typeof value === "number" && value <= most) return [[keyword, value]];
      place.tally.complete = false;
      return typeof value === "number" ? [[keyword, most]] : [];
    }
    case "items": {
      const items = narrow(value, inner);
      return items && [[keyword, items]];
    }
    case "anyOf":
    case "oneOf":
      return narrowUnion(keyword, value, schema, inner);
    case "properties": {
      if (!isJsonObject(value)) return null;
      const properties = Object.entries(value).map(([name, property]) => [name, narrow(property, inner)] as const);
      if (properties.some(([, property]) => property === null)) return null;
      return [[keyword, Object.fromEntries(properties)]];
    }
    case "required":
    case "additionalProperties":
      return [[keyword, value]];
    default:
      return valueLimits.has(keyword) ? [[keyword, value]] : null;
  }
}

/** A union beside `type` or `properties` would have to hold together with a closed object: not expressible. */
function narrowUnion(
  keyword: "anyOf" | "oneOf",
  value: Json,
  schema: JsonObject,
  inner: Place,
): [string, Json][] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const beside = ["type", "properties", "required", "enum", "const", keyword === "anyOf" ? "oneOf" : "anyOf"];
  if (beside.some((other) => schema[other] !== undefined)) return null;
  inner.tally.unions += 1;
  if (keyword === "oneOf") inner.tally.complete = false;
  const variants = value.map((variant: Json) => narrow(variant, inner));
  return variants.includes(null) ? null : [["anyOf", variants]];
}

/** A reference to a definition of this schema, with nothing beside it but words. */
function narrowReference(schema: JsonObject, place: Place): JsonObject | null {
  const { $ref: reference, ...beside } = schema;
  if (typeof reference !== "string" || Object.keys(beside).some((keyword) => !annotations.has(keyword))) return null;
  const name = /^#\/(?:\$defs|definitions)\/([^/~%]+)$/.exec(reference)?.[1];
  if (name === undefined || !Object.hasOwn(place.definitions, name)) return null;
  const known = place.tally.references.get(place.definition) ?? new Set();
  place.tally.references.set(place.definition, known.add(name));
  return { $ref: `#/$defs/${name}` };
}

/** Objects must be closed, and every required name must be declared. */
function closeObject(schema: JsonObject, place: Place): JsonObject | null {
  const properties = schema["properties"];
  const names = isJsonObject(properties) ? Object.keys(properties) : [];
  const open = schema["additionalProperties"];
  if (open !== false && (open !== undefined || names.length === 0)) return null;
  const required = schema["required"] ?? [];
  if (!Array.isArray(required)) return null;
  const needed = new Set<Json>(required as readonly Json[]);
  if ([...needed].some((name) => typeof name !== "string" || !names.includes(name))) return null;
  place.tally.optional += names.length - needed.size;
  return { ...schema, additionalProperties: false };
}

function isRecursive(references: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const done = new Set<string>();
  const visit = (name: string, above: ReadonlySet<string>): boolean => {
    if (above.has(name)) return true;
    if (done.has(name)) return false;
    const path = new Set(above).add(name);
    const found = [...(references.get(name) ?? [])].some((next) => visit(next, path));
    done.add(name);
    return found;
  };
  return [...references.keys()].some((name) => visit(name, new Set()));
}

function allows(type: Json | undefined, wanted: string): boolean {
  return type === wanted || (Array.isArray(type) && type.includes(wanted));
}

function isPrimitive(value: Json): boolean {
  return value === null || typeof value !== "object";
}
