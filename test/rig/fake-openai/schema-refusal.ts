/**
 * Why OpenAI would refuse a schema for a strict `response_format`; null when it takes it. Written from the
 * documentation (developers.openai.com/api/docs/guides/structured-outputs), apart from the provider's own reading.
 */
export function schemaRefusal(schema: unknown): string | null {
  if (!isObject(schema)) return "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'.";
  if (schema["type"] !== "object") {
    return `schema must be a JSON Schema of 'type: "object"', got 'type: ${JSON.stringify(schema["type"] ?? "None")}'.`;
  }
  return refuse(schema, schema, [], 1);
}

const known = new Set([
  "type",
  "title",
  "description",
  "enum",
  "const",
  "anyOf",
  "$ref",
  "$defs",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "minItems",
  "maxItems",
  "format",
  "pattern",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
]);
const formats = ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

function refuse(schema: unknown, root: Record<string, unknown>, path: readonly string[], depth: number): string | null {
  const where = `In context=(${path.map((part) => `'${part}'`).join(", ")}), `;
  if (!isObject(schema)) return `${where}schema must be an object.`;
  if (depth > 10) return `${depth} levels of nesting exceeds limit of 10.`;
  if (typeof schema["$ref"] === "string") {
    const name = /^#\/\$defs\/(.+)$/.exec(schema["$ref"])?.[1] ?? "";
    const definitions = isObject(root["$defs"]) ? root["$defs"] : {};
    return Object.hasOwn(definitions, name)
      ? null
      : `${where}reference to component '${schema["$ref"]}' was not found.`;
  }
  const extra = Object.keys(schema).find((keyword) => !known.has(keyword));
  if (extra !== undefined) return `${where}'${extra}' is not permitted.`;
  if (!["type", "enum", "const", "anyOf"].some((keyword) => keyword in schema)) {
    return `${where}schema must have a 'type' key.`;
  }
  const format = schema["format"] as string | undefined;
  if (format !== undefined && !formats.includes(format)) return `${where}'${format}' is not a valid format.`;
  const types = [schema["type"]].flat();
  if (types.includes("array") && schema["items"] === undefined) return `${where}array schema missing items.`;
  if (types.includes("object")) {
    if (schema["additionalProperties"] !== false) {
      return `${where}'additionalProperties' is required to be supplied and to be false.`;
    }
    const names = Object.keys(isObject(schema["properties"]) ? schema["properties"] : {});
    const required = Array.isArray(schema["required"]) ? (schema["required"] as unknown[]) : [];
    const missing = names.find((name) => !required.includes(name));
    if (missing !== undefined) {
      return `${where}'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`;
    }
  }
  const inner: [string, unknown][] = [
    ...Object.entries(isObject(schema["properties"]) ? schema["properties"] : {}),
    ...Object.entries(isObject(schema["$defs"]) ? schema["$defs"] : {}),
    ...(schema["items"] === undefined ? [] : [["items", schema["items"]] as [string, unknown]]),
    ...(Array.isArray(schema["anyOf"]) ? schema["anyOf"] : []).map((part, index): [string, unknown] => [
      `${index}`,
      part,
    ]),
  ];
  for (const [name, part] of inner) {
    const problem = refuse(part, root, [...path, name], depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
