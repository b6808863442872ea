import { isJsonObject, type Json, type JsonObject, type JsonSchema } from "../../util/json.ts";

/** What Anthropic can be made to keep to while it writes. */
export interface StructuredOutput {
  /** For `output_config.format`. Every value that fits it and the original's value limits fits the original. */
  readonly schema: JsonObject;
  /** Nothing of the original was left out; otherwise the prompt must say the rest. */
  readonly complete: boolean;
}

/** Sources: platform.claude.com/docs/en/build-with-claude/structured-outputs, 2026-11. */
const MOST_OPTIONAL_PROPERTIES = 24;
const MOST_UNIONS = 16;
/** Not a documented number: deeper schemas are left to the prompt, and the recursion stays bounded. */
const DEEPEST = 32;

const formats = new Set(["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"]);
const types = new Set(["object", "array", "string", "integer", "number", "boolean", "null"]);

/** Say nothing about which values are valid, and are not understood by the API. */
const annotations = new Set(["$schema", "$comment", "examples", "deprecated", "readOnly", "writeOnly"]);

/** Limits on values that the API refuses: left out of its schema, told in the prompt, checked by the caller. */
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
  readonly tally: Tally;
  readonly definitions: JsonObject;
  /** The definition that is being read, "" at the root. */
  readonly definition: string;
  readonly depth: number;
}

/**
 * The part of a JSON Schema that Anthropic's structured outputs can express; null when its shape is outside their
 * subset (a root that is not an object, open objects, recursion, `not`, `if`, tuples, ...) and the prompt must do.
 */
export function structuredOutput(schema: JsonSchema): StructuredOutput | null {
  if (!isJsonObject(schema) || schema["type"] !== "object") return null;
  const definitions = schema["$defs"] ?? schema["definitions"] ?? {};
  if (!isJsonObject(definitions)) return null;
  const tally: Tally = { complete: true, optional: 0, unions: 0, references: new Map() };
  const place = { tally, definitions, definition: "", depth: 0 };

  const { $defs: _new, definitions: _old, ...root } = schema;
  const narrowed = narrow(root, place);
  if (narrowed === null) return null;
  const narrowedDefinitions: [string, JsonObject][] = [];
  for (const [name, definition] of Object.entries(definitions)) {
    const part = narrow(definition, { ...place, definition: name });
    if (part === null) return null;
    narrowedDefinitions.push([name, part]);
  }
  if (tally.optional > MOST_OPTIONAL_PROPERTIES || tally.unions > MOST_UNIONS) return null;
  if (isRecursive(tally.references)) return null;
  const withDefinitions = narrowedDefinitions.length > 0 ? { $defs: Object.fromEntries(narrowedDefinitions) } : {};
  return { schema: { ...narrowed, ...withDefinitions }, complete: tally.complete };
}

function narrow(schema: Json, place: Place): JsonObject | null {
  if (!isJsonObject(schema) || place.depth > DEEPEST) return null;
  if (schema["$ref"] !== undefined) return narrowReference(schema, place);
  const result: [string, Json][] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    if (annotations.has(keyword) || keyword.startsWith("x-")) continue;
    if (valueLimits.has(keyword)) {
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
    case "title":
    case "description":
    case "default":
      return [[keyword, value]];
    case "type":
      if (Array.isArray(value)) place.tally.unions += 1;
      return [value].flat().every((type) => typeof type === "string" && types.has(type)) ? [[keyword, value]] : null;
    case "const":
      return isPrimitive(value) ? [[keyword, value]] : null;
    case "enum":
      return Array.isArray(value) && value.length > 0 && value.every(isPrimitive) ? [[keyword, value]] : null;
    case "format":
      if (typeof value === "string" && formats.has(value)) return [[keyword, value]];
      place.tally.complete = false;
      return [];
    case "minItems":
      if (value === 0 || value === 1) return [[keyword, value]];
      place.tally.complete = false;
      return typeof value === "number" && value > 1 ? [[keyword, 1]] : [];
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
      return null;
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
  const words = new Set(["title", "description", "default", ...annotations]);
  if (typeof reference !== "string" || Object.keys(beside).some((keyword) => !words.has(keyword))) return null;
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
