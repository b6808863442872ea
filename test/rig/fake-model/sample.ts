/** Strings of the formats that JSON Schema names. */
const ofFormat: { readonly [format: string]: string } = {
  "date-time": "2026-01-02T03:04:05Z",
  date: "2026-01-02",
  time: "03:04:05Z",
  duration: "PT1H",
  email: "someone@example.com",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
};

/** A small value that is valid under a schema, always the same one. `pattern` and `not` are beyond it. */
export function sample(schema: unknown, root: unknown = schema): unknown {
  if (!isObject(schema)) return null;
  if (typeof schema["$ref"] === "string") return sample(resolve(schema["$ref"], root), root);
  if (schema["const"] !== undefined) return schema["const"];
  if (Array.isArray(schema["enum"])) return schema["enum"][0] as unknown;
  const variants = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(variants)) return sample(variants[0], root);
  const type = Array.isArray(schema["type"]) ? (schema["type"][0] as unknown) : schema["type"];
  switch (type) {
    case "object":
      return sampleObject(schema, root);
    case "array": {
      const length = Math.max(numberOf(schema["minItems"], 1), Math.min(1, numberOf(schema["maxItems"], 1)));
      return Array.from({ length }, () => sample(schema["items"] ?? {}, root));
    }
    case "string": {
      const text = ofFormat[String(schema["format"])] ?? "text";
      return text.padEnd(numberOf(schema["minLength"], 0), "x").slice(0, numberOf(schema["maxLength"], Infinity));
    }
    case "integer":
    case "number": {
      const step = numberOf(schema["multipleOf"], 1);
      const low = numberOf(schema["minimum"], numberOf(schema["exclusiveMinimum"], -Infinity) + 1);
      const high = numberOf(schema["maximum"], numberOf(schema["exclusiveMaximum"], Infinity) - 1);
      return Math.ceil(Math.min(Math.max(1, low), high) / step) * step;
    }
    case "boolean":
      return true;
    default:
      return null;
  }
}

function sampleObject(schema: Record<string, unknown>, root: unknown): unknown {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  return Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, sample(part, root)]));
}

function resolve(reference: string, root: unknown): unknown {
  let part = root;
  for (const name of reference.split("/").slice(1)) part = isObject(part) ? part[name] : null;
  return part;
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
