import type { Json } from "../util/json.ts";
import type { SchemaObject } from "./schema-node.ts";

const LONGEST_SHOWN = 60;

/** The JSON type of a value: one of the words of JSON Schema, whole numbers are `integer`. */
export function typeOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

/** A value for a message: `the text "yes"`, `5`, `a list`; `empty` for null. */
export function describeValue(value: Json): string {
  if (value === null) return "empty";
  if (typeof value === "string") return `the text ${quote(value)}`;
  if (typeof value === "object") return Array.isArray(value) ? "a list" : "a map";
  return String(value);
}

/** A text in double quotes, cut when it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text);
}

const typeWords: { readonly [type: string]: string } = {
  string: "a text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  null: "null",
};

/** What a schema asks for, for the sentence "must be ...". */
export function describeSchema(schema: SchemaObject): string {
  return orList(wordsOf(schema));
}

function wordsOf(schema: SchemaObject): readonly string[] {
  if (schema["x-says"] !== undefined) return [schema["x-says"]];
  if (schema.enum) return schema.enum.map(String);
  if (schema.anyOf) return schema.anyOf.flatMap((one) => (typeof one === "object" ? wordsOf(one) : []));
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  return types.map((type) => typeWords[type] as string);
}

/** `a`, `a or b`, `a, b or c`. */
export function orList(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** The nearest allowed spelling of a name, e.g. `my_step` for `My Step`; null when it is not clear what that is. */
export function nearestName(text: string, pattern: RegExp): string | null {
  const words = text.trim();
  const lower = words.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  const spellings = [join(words, "_"), join(lower, "-"), join(lower, "_")];
  return spellings.find((spelling) => pattern.test(spelling)) ?? null;
}

/** The letters and digits of a name with one filler for all between. */
function join(words: string, filler: string): string {
  const joined = words.replace(/[^A-Za-z0-9_]+/g, filler).replaceAll("_", filler);
  return joined.replace(/^[-_]+|[-_]+$/g, "").slice(0, 64);
}
