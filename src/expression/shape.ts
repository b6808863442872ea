import { isJsonObject, type Json, type JsonObject, type JsonSchema } from "../util/json.ts";

/** The types that a value of a schema may have; null when anything goes. */
export type ShapeKind = "null" | "bool" | "int" | "double" | "string" | "list" | "map";

export const anyShape: JsonSchema = true;
export const boolShape: JsonSchema = { type: "boolean" };
export const intShape: JsonSchema = { type: "integer" };
/** A number that is a double whatever its value, unlike `type: number`, whose whole values are ints. */
export const doubleShape: JsonSchema = { type: "number", "x-double": true };
export const stringShape: JsonSchema = { type: "string" };
/** An optional of CEL, as `a.?b` gives it: nothing is said about what it holds. */
export const optionalShape: JsonSchema = { "x-optional": true };
/** Text that a model wrote without a schema. */
export const freeTextShape: JsonSchema = { type: "string", "x-free-text": true };
export const nullShape: JsonSchema = { type: "null" };
/** The path of a file that a `glob` gave. */
export const filePathShape: JsonSchema = { type: "string", "x-file-path": true };

/** A list of such items. */
export function listShape(items: JsonSchema): JsonSchema {
  return { type: "array", items };
}

/** Either of the shapes; `true` as soon as one of them is unknown. */
export function unionOf(shapes: readonly JsonSchema[]): JsonSchema {
  const known = shapes.flatMap(branchesOf);
  if (known.length === 0 || known.length > 50) return anyShape;
  if (known.some((branch) => branch === null)) return anyShape;
  // A schema may be large: only several of them are compared.
  const [only, ...others] = shapes;
  if (only !== undefined && others.length === 0) return only;
  const different = [...new Map(known.map((branch) => [JSON.stringify(branch), branch])).values()];
  return different.length === 1 ? (different[0] as JsonSchema) : { anyOf: different };
}

/** Keywords that say more than this module understands: such a schema counts as unknown. */
const opaqueKeywords: ReadonlySet<string> = new Set([
  "$ref",
  "$dynamicRef",
  "allOf",
  "not",
  "if",
  "patternProperties",
  "dependentSchemas",
]);

/** The alternatives of a schema; a null among them stands for "anything". */
export function branchesOf(schema: JsonSchema): readonly (JsonObject | null)[] {
  if (typeof schema === "boolean") return [null];
  // Our own shapes have few keywords: to look at each costs less than to ask for all of these.
  for (const keyword in schema) if (opaqueKeywords.has(keyword)) return [null];
  const alternatives = schema["anyOf"] ?? schema["oneOf"];
  if (!Array.isArray(alternatives)) return [schema];
  if (Object.hasOwn(schema, "type") || Object.hasOwn(schema, "properties")) return [null];
  return (alternatives as readonly JsonSchema[]).flatMap(branchesOf);
}

/** The types that a value of this shape may have; null when anything goes. */
export function kindsOf(schema: JsonSchema): ReadonlySet<ShapeKind> | null {
  const kinds = new Set<ShapeKind>();
  for (const branch of branchesOf(schema)) {
    const own = branch === null ? null : kindsOfBranch(branch);
    if (own === null) return null;
    for (const kind of own) kinds.add(kind);
  }
  return kinds;
}

function kindsOfBranch(branch: JsonObject): readonly ShapeKind[] | null {
  const { type } = branch;
  if (typeof type === "string") return kindsOfType(type, branch);
  if (Array.isArray(type)) return type.flatMap((name) => kindsOfType(name as string, branch));
  const values = valuesOfBranch(branch);
  if (values) return values.map(kindOfJson);
  if (Object.hasOwn(branch, "properties")) return ["map"];
  return Object.hasOwn(branch, "items") ? ["list"] : null;
}

function kindsOfType(type: string, branch: JsonObject): readonly ShapeKind[] {
  switch (type) {
    case "boolean":
      return ["bool"];
    case "integer":
      return ["int"];
    case "number":
      return branch["x-double"] === true ? ["double"] : ["int", "double"];
    case "array":
      return ["list"];
    case "object":
      return ["map"];
    default:
      return [type as "string" | "null"];
  }
}

function kindOfJson(value: Json): ShapeKind {
  if (value === null) return "null";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isSafeInteger(value) ? "int" : "double";
  if (typeof value === "string") return "string";
  return Array.isArray(value) ? "list" : "map";
}

/** The only values that a shape allows (`enum`, `const`), or null when it does not list them. */
export function valuesOf(schema: JsonSchema): readonly Json[] | null {
  const values: Json[] = [];
  for (const branch of branchesOf(schema)) {
    const own = branch === null ? null : branch["type"] === "null" ? [null] : valuesOfBranch(branch);
    if (own === null) return null;
    values.push(...own);
  }
  return values;
}

function valuesOfBranch(branch: JsonObject): readonly Json[] | null {
  if (Array.isArray(branch["enum"])) return branch["enum"] as readonly Json[];
  return branch["const"] === undefined ? null : [branch["const"]];
}

/** True when a value of this shape may be text that a model wrote freely. */
export function isFreeText(schema: JsonSchema): boolean {
  return branchesOf(schema).some((branch) => branch !== null && branch["x-free-text"] === true);
}

/** True when a value of this shape is surely a path that a `glob` gave. */
export function isFilePath(schema: JsonSchema): boolean {
  return typeof schema === "object" && schema["x-file-path"] === true;
}

/** True when a value of this shape is surely an optional, which must be opened before it is compared. */
export function isOptional(schema: JsonSchema): boolean {
  return typeof schema === "object" && schema["x-optional"] === true;
}

/** What reading a field gives: its shape, or why there is none. */
export type FieldShape =
  | {
      readonly is: "field";
      readonly shape: JsonSchema;
      /** False when the schema lists what is required and this field is not among it. */
      readonly sure: boolean;
    }
  | { readonly is: "unknown"; readonly known: readonly string[] }
  /** The value is no object. */
  | { readonly is: "fieldless"; readonly kinds: ReadonlySet<ShapeKind> };

/** Reads a field. A schema that names `properties` knows them all, unless `additionalProperties` allows others. */
export function fieldShape(schema: JsonSchema, name: string): FieldShape {
  const found: JsonSchema[] = [];
  const maps: JsonObject[] = [];
  let sure = true;
  for (const branch of branchesOf(schema)) {
    if (branch === null || kindsOfBranch(branch) === null) return { is: "field", shape: anyShape, sure: true };
    if (!kindsOfBranch(branch)?.includes("map")) continue;
    maps.push(branch);
    const shape = fieldOfBranch(branch, name);
    if (shape !== null) found.push(shape);
    if (Array.isArray(branch["required"]) && !branch["required"].includes(name)) sure = false;
  }
  if (maps.length === 0) return { is: "fieldless", kinds: kindsOf(schema) ?? new Set() };
  // Only now: `steps` may have thousands of fields.
  if (found.length === 0) return { is: "unknown", known: maps.flatMap(fieldNamesOfBranch) };
  return { is: "field", shape: unionOf(found), sure };
}

function fieldOfBranch(branch: JsonObject, name: string): JsonSchema | null {
  const { properties, additionalProperties } = branch;
  if (isJsonObject(properties)) {
    if (Object.hasOwn(properties, name)) return properties[name] as JsonSchema;
    return additionalProperties === undefined || additionalProperties === false
      ? null
      : (additionalProperties as JsonSchema);
  }
  if (additionalProperties === false) return null;
  const values = valuesOfBranch(branch);
  if (values && !values.some((value) => isJsonObject(value) && Object.hasOwn(value, name))) return null;
  return values ? anyShape : ((additionalProperties as JsonSchema | undefined) ?? anyShape);
}

/** True when a value may have fields that the schema does not name: it is written out as a literal, or leaves room. */
export function leavesRoom(schema: JsonSchema): boolean {
  return branchesOf(schema).some(
    (branch) => branch === null || branch["x-written"] === true || !Object.hasOwn(branch, "additionalProperties"),
  );
}

/** True when the schema itself names the field, rather than allowing any. */
export function declaresField(schema: JsonSchema, name: string): boolean {
  return branchesOf(schema).some(
    (branch) => branch !== null && isJsonObject(branch["properties"]) && Object.hasOwn(branch["properties"], name),
  );
}

function fieldNamesOfBranch(branch: JsonObject): readonly string[] {
  return isJsonObject(branch["properties"]) ? Object.keys(branch["properties"]) : [];
}

/** The names of all fields that a shape tells. */
export function fieldNames(schema: JsonSchema): readonly string[] {
  return [...new Set(branchesOf(schema).flatMap((branch) => (branch === null ? [] : fieldNamesOfBranch(branch))))];
}

/** The shape of a list's items (`true` when unknown), or of a map's values when `ofMap`. */
export function itemShape(schema: JsonSchema): JsonSchema {
  const shapes: JsonSchema[] = [];
  for (const branch of branchesOf(schema)) {
    const kinds = branch === null ? null : kindsOfBranch(branch);
    if (branch === null || kinds === null) return anyShape;
    if (!kinds.includes("list")) continue;
    if (Object.hasOwn(branch, "prefixItems")) return anyShape;
    const values = valuesOfBranch(branch);
    shapes.push(values ? anyShape : ((branch["items"] as JsonSchema | undefined) ?? anyShape));
  }
  return shapes.length === 0 ? anyShape : unionOf(shapes);
}

/** How messages name what a shape may be: "a text", "a number or null". */
export function describeKinds(kinds: ReadonlySet<ShapeKind>): string {
  const words = [...kinds].map((kind) => kindWords[kind]);
  return [...new Set(words)].join(" or ") || "nothing";
}

const kindWords: { readonly [kind in ShapeKind]: string } = {
  null: "null",
  bool: "true or false",
  int: "a number",
  double: "a number",
  string: "a text",
  list: "a list",
  map: "an object",
};
