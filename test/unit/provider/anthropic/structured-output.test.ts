import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anthropicOutput } from "../../../../src/provider/anthropic/structured-output.ts";
import type { Json, JsonObject, JsonSchema } from "../../../../src/util/json.ts";
import { sample } from "../../../rig/fake-model/sample.ts";
import { schemaRefusal } from "../../../rig/fake-anthropic/schema-refusal.ts";

const text = { type: "string" };

function object(properties: Record<string, JsonSchema>, more: JsonObject = {}): JsonObject {
  return { type: "object", properties, required: Object.keys(properties), ...more };
}

describe("what can be expressed", () => {
  it("closes every object and leaves the rest as it is", () => {
    const schema = object({
      verdict: { enum: ["yes", "no"] },
      notes: { type: "array", items: object({ note: text }) },
    });
    expect(anthropicOutput(schema)).toEqual({
      complete: true,
      schema: {
        ...schema,
        additionalProperties: false,
        properties: {
          verdict: { enum: ["yes", "no"] },
          notes: { type: "array", items: { ...object({ note: text }), additionalProperties: false } },
        },
      },
    });
  });

  it("moves definitions to where the API looks for them", () => {
    const schema = object({ a: { $ref: "#/definitions/note" } }, { definitions: { note: object({ note: text }) } });
    expect(anthropicOutput(schema)?.schema).toMatchObject({
      properties: { a: { $ref: "#/$defs/note" } },
      $defs: { note: { additionalProperties: false } },
    });
  });

  it.each<[string, JsonObject, JsonObject]>([
    ["limits of numbers", { type: "integer", minimum: 1, maximum: 5 }, { type: "integer" }],
    ["lengths and patterns", { type: "string", minLength: 1, pattern: "^a" }, { type: "string" }],
    ["formats that the API does not know", { type: "string", format: "regex" }, { type: "string" }],
    [
      "more items than one",
      { type: "array", items: text, minItems: 3, maxItems: 9 },
      { type: "array", items: text, minItems: 1 },
    ],
    ["oneOf, which becomes anyOf", { oneOf: [text, { type: "null" }] }, { anyOf: [text, { type: "null" }] }],
  ])("leaves out %s and says that something is missing", (_what, property, narrowed) => {
    expect(anthropicOutput(object({ x: property }))).toEqual({
      complete: false,
      schema: { ...object({ x: narrowed }), additionalProperties: false },
    });
  });

  it("drops words that the API does not read, and misses nothing", () => {
    const schema = object({ x: { ...text, examples: ["a"], "x-note": 1, description: "An x" } });
    expect(anthropicOutput(schema)).toMatchObject({
      complete: true,
      schema: { properties: { x: { type: "string", description: "An x" } } },
    });
  });
});

describe("what is left to the prompt", () => {
  const tree = { $defs: { tree: object({ next: { anyOf: [{ $ref: "#/$defs/tree" }, { type: "null" }] } }) } };
  it.each<[string, JsonSchema]>([
    ["a root that is no object", { type: "array", items: text }],
    ["true", true],
    ["an object with any keys", object({ meta: { type: "object" } })],
    ["further keys on purpose", object({ a: text }, { additionalProperties: true })],
    ["keys by pattern", object({ a: text }, { patternProperties: { "^x-": text } })],
    ["recursion", object({ a: { $ref: "#/$defs/tree" } }, tree)],
    ["a reference out of the file", object({ a: { $ref: "https://example.com/schema.json" } })],
    ["a reference to nothing", object({ a: { $ref: "#/$defs/none" } })],
    ["a reference with limits beside it", object({ a: { $ref: "#/$defs/t", maxLength: 3 } }, { $defs: { t: text } })],
    ["not", object({ a: { not: text } })],
    ["allOf", object({ a: { allOf: [text] } })],
    ["a tuple", object({ a: { type: "array", prefixItems: [text], items: text } })],
    ["a list of anything", object({ a: { type: "array" } })],
    ["any value", object({ a: {} })],
    ["enum with objects", object({ a: { enum: [{ b: 1 }] } })],
    ["a required name that is not declared", object({ a: text }, { required: ["b"] })],
    ["more than 24 optional keys", object(Object.fromEntries(letters().map((key) => [key, text])), { required: [] })],
    ["more than 16 unions", object(Object.fromEntries(letters().map((key) => [key, { type: ["string", "null"] }])))],
    ["a schema too deep to walk", deep(10_000)],
  ])("%s", (_what, schema) => {
    expect(anthropicOutput(schema)).toBeNull();
  });
});

it("is what the API takes, for every schema; and when it is complete, what fits it fits the original", () => {
  const leaf = fc.oneof(
    fc.constantFrom<JsonObject>(
      text,
      { type: "integer" },
      { type: "boolean" },
      { type: ["string", "null"] },
      { type: "string", format: "date" },
      { type: "string", format: "regex" },
      { type: "number", minimum: 3 },
      { enum: ["a", 1, null] },
      { const: "b" },
      { enum: [{ c: 1 }] },
      { $ref: "#/$defs/shared" },
      {},
    ),
  );
  const { schema } = fc.letrec<{ schema: JsonObject }>((tie) => ({
    schema: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.record({ type: fc.constant("array"), items: tie("schema"), minItems: fc.constantFrom(0, 1, 2) }),
      fc.record({ anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }) }),
      fc
        .tuple(fc.dictionary(fc.constantFrom("a", "b", "constructor"), tie("schema")), fc.boolean())
        .map(([properties, isOptional]) => object(properties, isOptional ? { required: [] } : {})),
    ),
  }));
  const ajv = addFormats.default(new Ajv2020({ strict: false }));
  let expressed = 0;
  fc.assert(
    fc.property(schema, schema, (property, shared) => {
      const original = object({ property }, { $defs: { shared } });
      const result = anthropicOutput(original);
      if (result === null) return;
      expressed += 1;
      expect(schemaRefusal(result.schema)).toBeNull();
      if (!result.complete) return;
      const value = sample(result.schema) as Json;
      expect(ajv.validate(result.schema, value)).toBe(true);
      expect(ajv.validate(original, value)).toBe(true);
    }),
    { numRuns: 500 },
  );
  expect(expressed).toBeGreaterThan(50);
});

function letters(): string[] {
  return Array.from("abcdefghijklmnopqrstuvwxyz");
}

function deep(levels: number): JsonObject {
  let schema: JsonObject = text;
  for (let level = 0; level < levels; level += 1) schema = { type: "array", items: schema };
  return object({ a: schema });
}
