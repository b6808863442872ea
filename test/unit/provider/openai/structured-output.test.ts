import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { expect, it } from "vitest";
import { openaiOutput } from "../../../../src/provider/openai/structured-output.ts";
import type { Json, JsonObject, JsonSchema } from "../../../../src/util/json.ts";
import { sample } from "../../../rig/fake-model/sample.ts";
import { schemaRefusal } from "../../../rig/fake-openai/schema-refusal.ts";

const text = { type: "string" };

function object(properties: Record<string, JsonSchema>, more: JsonObject = {}): JsonObject {
  return { type: "object", properties, required: Object.keys(properties), ...more };
}

it("keeps the limits that OpenAI understands, and leaves out the others", () => {
  const number = { type: "integer", minimum: 1, maximum: 5 };
  const list = { type: "array", items: text, minItems: 3, maxItems: 9 };
  expect(openaiOutput(object({ number, list }))).toEqual({
    complete: true,
    schema: { ...object({ number, list }), additionalProperties: false },
  });
  expect(openaiOutput(object({ x: { ...text, minLength: 1, pattern: "^a", format: "uri", default: "a" } }))).toEqual({
    complete: false,
    schema: { ...object({ x: text }), additionalProperties: false },
  });
});

it("leaves a property that may be missing to the prompt", () => {
  expect(openaiOutput(object({ a: text }, { required: [] }))).toBeNull();
});

it("is what the API takes, for every schema; and when it is complete, what fits it fits the original", () => {
  const leaf = fc.constantFrom<JsonObject>(
    text,
    { type: ["string", "null"] },
    { type: "string", format: "date" },
    { type: "string", format: "uri" },
    { type: "number", minimum: 3, multipleOf: 0.5 },
    { type: "array", items: text, minItems: 2, uniqueItems: true },
    { enum: ["a", 1, null] },
    { const: "b", description: "B", default: "b" },
    { $ref: "#/$defs/shared" },
    { not: text },
    {},
  );
  const { schema } = fc.letrec<{ schema: JsonObject }>((tie) => ({
    schema: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.record({ type: fc.constant("array"), items: tie("schema"), maxItems: fc.constantFrom(1, 2) }),
      fc.record({ anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }) }),
      fc.dictionary(fc.constantFrom("a", "b", "constructor"), tie("schema"), { minKeys: 1 }).map((all) => object(all)),
    ),
  }));
  const ajv = addFormats.default(new Ajv2020({ strict: false }));
  let expressed = 0;
  fc.assert(
    fc.property(schema, schema, (property, shared) => {
      const isCircle = JSON.stringify(shared).includes("$ref");
      const original = object({ property }, { $defs: { shared } });
      const result = openaiOutput(original);
      if (result === null) return;
      expressed += 1;
      expect(schemaRefusal(result.schema)).toBeNull();
      if (!result.complete || isCircle) return;
      const value = sample(result.schema) as Json;
      expect(ajv.validate(original, value)).toBe(ajv.validate(result.schema, value));
    }),
    { numRuns: 500 },
  );
  expect(expressed).toBeGreaterThan(50);
});
