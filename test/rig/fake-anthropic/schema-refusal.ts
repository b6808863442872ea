/**
 * Why the real API would refuse a schema for structured outputs; null when it takes it. Written from the
 * documentation, apart from the provider's own reading of it, so that the one checks the other.
 */
export function schemaRefusal(schema: unknown): string | null {
  if (!isObject(schema)) return "Input should be a valid dictionary or object";
  const definitions = schema["$defs"];
  const names = isObject(definitions) ? Object.keys(definitions) : [];
  const tally = { optional: 0, unions: 0 };
  const problem = refuse(schema, names, tally) ?? recursion(schema);
  if (problem !== null) return problem;
  if (tally.optional > 24) return `Schemas contains too many optional parameters (${tally.optional}), limit: 24`;
  if (tally.unions > 16) return `Schemas contains too many parameters with union types (${tally.unions}), limit: 16`;
  return null;
}

const common = new Set(["type", "title", "description", "default", "enum", "const", "anyOf", "allOf", "$ref", "$defs"]);
const byType: { readonly [type: string]: readonly string[] } = {
  object: ["properties", "required", "additionalProperties"],
  array: ["items", "minItems"],
  string: ["format"],
  integer: [],
  number: [],
  boolean: [],
  null: [],
};
const formats = ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];

function refuse(
  schema: unknown,
  definitions: readonly string[],
  tally: { optional: number; unions: number },
): string | null {
  if (!isObject(schema)) return "boolean schemas are not supported";
  if (schema["$ref"] !== undefined) {
    const name = /^#\/\$defs\/(.+)$/.exec(word(schema["$ref"]))?.[1] ?? "";
    return definitions.includes(name) ? null : `$ref '${word(schema["$ref"])}' cannot be resolved`;
  }
  const type = schema["type"];
  const types = Array.isArray(type) ? (type as unknown[]).map(word) : type === undefined ? [] : [word(type)];
  const unknown = types.find((name) => !Object.hasOwn(byType, name));
  if (unknown !== undefined) return `'${unknown}' is not a valid type`;
  const allowed = new Set([...common, ...types.flatMap((name) => byType[name] ?? [])]);
  const extra = Object.keys(schema).filter((keyword) => !allowed.has(keyword));
  if (extra.length > 0) return `For '${types.join("|")}' type, properties ${extra.join(", ")} are not supported`;
  if (types.length === 0 && !["enum", "const", "anyOf", "allOf"].some((keyword) => schema[keyword] !== undefined)) {
    return "schema must have a 'type'";
  }
  for (const value of [schema["enum"], [schema["const"]]].flat()) {
    if (typeof value === "object" && value !== null) return "enum values must be strings, numbers, booleans or null";
  }
  if (schema["format"] !== undefined && !formats.includes(word(schema["format"]))) {
    return `For 'string' type, format '${word(schema["format"])}' is not supported`;
  }
  if (schema["minItems"] !== undefined && schema["minItems"] !== 0 && schema["minItems"] !== 1) {
    return "For 'array' type, 'minItems' values other than 0 or 1 are not supported";
  }
  if (types.includes("object") && schema["additionalProperties"] !== false) {
    return "For 'object' type, 'additionalProperties' must be explicitly set to false";
  }
  if (Array.isArray(type) || schema["anyOf"] !== undefined) tally.unions += 1;
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? (schema["required"] as unknown[]) : [];
  const missing = required.find((name) => !Object.hasOwn(properties, word(name)));
  if (missing !== undefined) return `required property '${word(missing)}' is not in 'properties'`;
  tally.optional += Object.keys(properties).length - required.length;
  const inner = [
    ...Object.values(properties),
    ...(schema["items"] === undefined ? [] : [schema["items"]]),
    ...listOf(schema["anyOf"]),
    ...listOf(schema["allOf"]),
    ...(isObject(schema["$defs"]) ? Object.values(schema["$defs"]) : []),
  ];
  for (const part of inner) {
    const problem = refuse(part, definitions, tally);
    if (problem !== null) return problem;
  }
  return null;
}

/** A definition that leads back to itself. */
function recursion(schema: Record<string, unknown>): string | null {
  const definitions = isObject(schema["$defs"]) ? schema["$defs"] : {};
  const leadsTo = (name: string): string[] =>
    [...JSON.stringify(definitions[name] ?? null).matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g)].map(
      (match) => match[1] ?? "",
    );
  for (const start of Object.keys(definitions)) {
    const seen = new Set<string>();
    const open = leadsTo(start);
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (name === start) return `recursive schemas are not supported: ${start}`;
      if (!seen.has(name)) open.push(...leadsTo(name));
      seen.add(name);
    }
  }
  return null;
}

/** A value that should be a text, as one. */
function word(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
