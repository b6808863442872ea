import { describe, expect, it } from "vitest";
import { createSimulateProvider } from "../../../../src/provider/simulate.ts";
import { simulatedValue } from "../../../../src/provider/simulate/value.ts";
import { createSchemaCheck } from "../../../../src/util/schema-check.ts";
import type { JsonSchema } from "../../../../src/util/json.ts";
import { callContext, eventsOf, modelRequest } from "../../../rig/model-call.ts";

const check = createSchemaCheck();
const seeds = Array.from({ length: 40 }, (_, index) => `research/step[${index}]`);
const tree = {
  type: "object",
  properties: { name: { type: "string" }, next: { $ref: "#/$defs/tree" } },
  required: ["name"],
};
const endless = {
  type: "object",
  properties: { left: { $ref: "#" }, right: { $ref: "#" }, both: { type: "array", items: { $ref: "#" } } },
};

describe("a made-up value", () => {
  it.each<[string, JsonSchema]>([
    ["an enum", { enum: ["red", 7, null] }],
    ["a constant", { const: { a: 1 } }],
    ["each of several types", { type: ["null", "integer"] }],
    ["a whole number in a range", { type: "integer", minimum: 3, maximum: 5 }],
    ["a number between two that are excluded", { type: "integer", exclusiveMinimum: 3, exclusiveMaximum: 5 }],
    ["a part of one", { type: "number", minimum: 0, maximum: 1 }],
    ["a part of one without its ends", { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 }],
    ["a tiny range", { type: "number", exclusiveMinimum: 0, maximum: 1e-9 }],
    ["a multiple", { type: "number", multipleOf: 0.25, minimum: 1.3 }],
    ["a negative number", { type: "integer", maximum: -7 }],
    ["a huge number", { type: "integer", minimum: 1e15 }],
    ["a short text", { type: "string", maxLength: 3 }],
    ["a long text", { type: "string", minLength: 300 }],
    ...[
      "date-time",
      "date",
      "time",
      "duration",
      "email",
      "hostname",
      "ipv4",
      "ipv6",
      "uri",
      "uri-reference",
      "uuid",
      "json-pointer",
      "regex",
    ].map((format): [string, JsonSchema] => [`the format ${format}`, { type: "string", format }]),
    ...[
      "^v\\d+\\.\\d+\\.\\d+$",
      "^[A-Z]{2}-[0-9]{4,6}$",
      "^(?:red|green|[^a-z]lue)$",
      "^#[0-9a-fA-F]{6}$",
      "^[\\w.+-]+@[\\w-]+\\.[a-z]{2,}$",
      "ab?c*(de|f)+",
      "^[a-z][a-z0-9_-]{0,63}$",
      "^[^\\s]{3}$",
      "^\\(\\d\\)\\s\\w{2}$",
      "^(?P<year>\\d{4})[-/](?<month>0[1-9]|1[0-2])$",
    ].map((pattern): [string, JsonSchema] => [`the pattern ${pattern}`, { type: "string", pattern }]),
    ["a pattern and a length", { type: "string", pattern: "^a+b*$", minLength: 3, maxLength: 4 }],
    ["a list", { type: "array", items: { type: "boolean" }, minItems: 4, maxItems: 5 }],
    ["an empty list", { type: "array", items: { type: "string" }, maxItems: 0 }],
    ["a list of different ones", { type: "array", items: { enum: [1, 2, 3] }, uniqueItems: true, minItems: 3 }],
    ["a tuple", { type: "array", prefixItems: [{ type: "string" }, { type: "integer" }], items: false, minItems: 2 }],
    ["a list that contains something", { type: "array", contains: { const: 7 } }],
    [
      "an object with more than it names",
      { type: "object", required: ["a", "b"], properties: { a: {} }, additionalProperties: { type: "integer" } },
    ],
    ["an object with few", { type: "object", properties: { a: {}, b: {}, c: {} }, required: ["c"], maxProperties: 2 }],
    ["an object with many", { type: "object", minProperties: 3, additionalProperties: { type: "boolean" } }],
    ["what another property asks for", { type: "object", properties: { a: {} }, dependentRequired: { a: ["b"] } }],
    ["a property that may not be", { type: "object", properties: { a: false, b: true } }],
    [
      "a union",
      { oneOf: [{ type: "object", properties: { kind: { const: "a" } }, required: ["kind"] }, { type: "string" }] },
    ],
    [
      "parts together",
      {
        allOf: [{ required: ["a"] }, { properties: { a: { type: "integer", minimum: 5 } } }, { properties: { b: {} } }],
        type: "object",
      },
    ],
    ["limits together", { type: "integer", minimum: 1, allOf: [{ minimum: 50 }, { maximum: 60 }] }],
    ["a reference", { $ref: "#/$defs/a~1b", $defs: { "a/b": { type: "integer" } } }],
    ["a chain", { ...tree, $defs: { tree } }],
    ["a schema that doubles on every level", endless],
    [
      "a name like a prototype's",
      JSON.parse(
        '{"type":"object","properties":{"__proto__":{"type":"integer"}},"required":["__proto__"]}',
      ) as JsonSchema,
    ],
    ["anything", true],
  ])("fits %s, whatever the seed", (_what, schema) => {
    for (const seed of seeds) expect(check(schema, simulatedValue(schema, seed))).toEqual([]);
  });

  it("is the same for the same seed, and another one for another", () => {
    const schema = {
      type: "object",
      properties: { title: { type: "string" }, score: { type: "integer" } },
      required: ["title"],
    };
    expect(simulatedValue(schema, "w/draft")).toEqual(simulatedValue(schema, "w/draft"));
    expect(simulatedValue(schema, "w/draft")).toMatchObject({
      title: expect.stringMatching(/^simulated title \d+$/) as string,
    });
    expect(new Set(seeds.map((seed) => JSON.stringify(simulatedValue(schema, seed)))).size).toBe(seeds.length);
  });

  it("takes every value of an enum sooner or later", () => {
    const schema = { enum: ["go", "stop", "wait"] };
    expect(new Set(seeds.map((seed) => simulatedValue(schema, seed)))).toEqual(new Set(["go", "stop", "wait"]));
  });

  it.each<[string, JsonSchema]>([
    ["a billion entries", { type: "array", minItems: 1e9, items: { type: "array", minItems: 1e9 } }],
    ["a text of a billion letters", { type: "string", minLength: 1e9 }],
    ["a million letters by a pattern", { type: "string", pattern: "^((((a{100}){100}){100}))$" }],
    ["a pattern that leads on and on", { type: "string", pattern: `^${"(".repeat(400)}a${")".repeat(400)}$` }],
    ["look-around", { type: "string", pattern: "^(?=a)a$" }],
    ["itself, required", { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] }],
    ["a circle of references", { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } }],
    ["a place that there is not", { $ref: "https://example.com/schema" }],
  ])("ends when a schema asks for %s", (_what, schema) => {
    expect(JSON.stringify(simulatedValue(schema, "w/s")).length).toBeLessThan(1_000_000);
  });
});

describe("a simulated model", () => {
  const provider = createSimulateProvider({ workflow: "research" });

  it("says that a text is none", async () => {
    const events = await eventsOf(provider, modelRequest(), callContext({ step: "draft" }));
    const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, calls: 1 };
    expect(events).toEqual([
      { type: "text", text: "[simulated:draft]" },
      { type: "done", reply: { text: "[simulated:draft]", stopReason: "end", model: "claude-haiku-5-5", usage } },
    ]);
  });

  it("answers each item in its own way, and always in the same", async () => {
    const outputSchema = {
      type: "object",
      properties: { site: { type: "string", format: "hostname" } },
      required: ["site"],
    };
    const texts = [];
    for (const step of ["research[0]", "research[1]", "research[0]"]) {
      const last = (await eventsOf(provider, modelRequest({ outputSchema }), callContext({ step }))).at(-1);
      texts.push(last?.type === "done" ? last.reply.text : "");
    }
    expect(texts[2]).toBe(texts[0]);
    expect(texts[1]).not.toBe(texts[0]);
    expect(check(outputSchema, JSON.parse(texts[0] ?? "") as never)).toEqual([]);
  });

  it("knows when it is not asked any more", async () => {
    const events = await eventsOf(provider, modelRequest(), callContext({ signal: AbortSignal.abort() }));
    expect(events).toMatchObject([{ type: "failed", failure: { class: "cancelled" } }]);
  });
});
