import { isJsonObject, type Json } from "../util/json.ts";
import { foreignTypes } from "./foreign.ts";
import { durationHelp, numberRateHelp } from "./text-check.ts";
import type { SchemaObject } from "./schema-node.ts";

/** What somebody probably meant who wrote a value of the wrong type at this key; null when nothing comes to mind. */
export function wrongTypeHelp(schema: SchemaObject, value: Json, key: string | number | undefined): string | null {
  if (schema["x-text"] === "duration" && typeof value === "number") return durationHelp(String(value));
  if (schema["x-text"] === "version" && typeof value === "number")
    return `write it in quotes: "${value}${Number.isInteger(value) ? ".0.0" : ".0"}"`;
  if (schema["x-text"] === "rate" && typeof value === "number") return numberRateHelp(value);
  if (schema["x-place"] === "retry" && typeof value === "number") return `write { max_attempts: ${value} }`;
  if ((key === "steps" || key === "finally") && Array.isArray(value)) return stepsHelp(value[0] as Json | undefined);
  if (typeof value === "string") return fromText(schema, value);
  if (typeof value === "boolean" && key === "required") {
    return "`required` is a list of keys beside `properties`; an input is required when it has no `default`";
  }
  const isText = schema.type === "string" && (typeof value === "number" || typeof value === "boolean");
  if (isText && (schema.pattern === undefined || new RegExp(schema.pattern, "u").test(String(value))))
    return `write it in quotes: "${value}"`;
  if (schema.type === "array" && !Array.isArray(value))
    return "a list has one entry a line, each after `- `, or stands in [ ]";
  return null;
}

/** Steps are a map by their names: `- id: a` is `a:`. */
function stepsHelp(first: Json | undefined): string {
  const id = isJsonObject(first) ? (first["id"] ?? first["name"]) : undefined;
  const name = typeof id === "string" && /^[a-z]\w{0,40}$/i.test(id) ? id : "draft";
  const kind = isJsonObject(first) && Object.hasOwn(first, "run") ? "{ run: ... }" : "{ agent: ..., task: ... }";
  return `each step stands under its name, without \`- \`: \`${name}: ${kind}\``;
}

const jsonTypes: ReadonlySet<string> = new Set(["string", "number", "integer", "boolean", "object", "array", "null"]);

function fromText(schema: SchemaObject, text: string): string | null {
  if (text.trimStart().startsWith("${{")) return "this is read before the run, so no expression is possible here";
  if (schema["x-place"] === "schema")
    return `write { type: ${foreignTypes.get(text) ?? (jsonTypes.has(text) ? text : "string")} }`;
  if (schema["x-place"] === "step") return "a script is written `{ run: ... }`";
  if (schema.type === "boolean" && /^(?:yes|on|true|y)$/i.test(text)) return "write true";
  if (schema.type === "boolean" && /^(?:no|off|false|n)$/i.test(text)) return "write false";
  if ((schema.type === "integer" || schema.type === "number") && /^-?\d+(?:\.\d+)?$/.test(text))
    return `write it without quotes: ${text}`;
  if (schema.type === "array") return `a list of one is written [${text.length > 40 ? "..." : text}]`;
  return null;
}
