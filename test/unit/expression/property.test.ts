import fc from "fast-check";
import { expect, test } from "vitest";
import { checkTemplate, typeOf } from "../../../src/expression/check.ts";
import { createEvaluator } from "../../../src/expression/evaluate.ts";
import { parseTemplate } from "../../../src/expression/parse.ts";
import { referencesOf, statusFunctionsOf } from "../../../src/expression/references.ts";
import type { Template } from "../../../src/expression/template.ts";
import type { Json } from "../../../src/util/json.ts";
import { scope } from "./fixture.ts";

const context = {
  inputs: {
    topic: "tea",
    count: 3,
    sites: ["a", "b"],
    tags: [{ name: "x", lines: "l" }],
    anything: { a: [1, { b: null }] },
  },
  steps: { draft: { output: "text" }, triage: { output: null } },
};

/** Pieces of both languages, so that random sources get deep into them. */
const words = [
  "inputs", "steps", ".topic", ".count", ".sites", ".tags", ".anything", ".?a", "[0]", "[?1]", "['a']", "1", "2.5", "1u", "'x'", "b'x'",
  "null", "true", " + ", " - ", " * ", " / ", " % ", " == ", " != ", " < ", " >= ", " in ", " && ", " || ", "!", "-", " ? ", " : ",
  "(", ")", "[", "]", "{", "}", ",", ".map(x, ", ".filter(x, ", ".all(x, ", ".exists(x, ", "x", "has(", "coalesce(", "size(", "sum(",
  "string(", "int(", "double(", "type(", "to_json(", "from_json(", "lines(", "success()", "cel.bind(x, ", "optional.of(", ".orValue(",
  ".size()", ".contains(", ".matches(", ".replace(", ".split(", ".join(", ".substring(", ".reverse()", "__proto__", ".constructor",
  "{{", "}}", "{{#each ", "{{/each}}", "{{#if ", "{{/if}}", "{{else}}", "{{~", "~}}", "{{#with ", "{{/with}}", " as |a b|", "this",
  "../", "@index", "@root.", "@key", "{{json ", "{{ join ", "(eq ", "{{> p}}", "{{!--", "--}}", "\\{{", "{{{", "}}}", "\n", "\r\n", "é", "😀",
]; // prettier-ignore

const sources = fc.oneof(
  fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 60 }),
);

const templates: fc.Arbitrary<Template> = fc
  .tuple(fc.constantFrom("cel" as const, "text" as const), sources)
  .map(([kind, source]) => ({ kind, source }));

function isPlain(value: Json): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (value === null || typeof value !== "object") return ["string", "boolean", "object"].includes(typeof value);
  if (Array.isArray(value)) return value.every(isPlain);
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
}

test("any source is checked and evaluated without a crash, to plain JSON or an error, the same each time", () => {
  fc.assert(
    fc.property(templates, (template) => {
      const before = JSON.stringify(context);
      const problems = checkTemplate(template, scope, "condition");
      const { source } = template as { source: string };
      for (const { offset, length } of problems) {
        expect(offset >= 0 && length >= 0 && offset + length <= source.length).toBe(true);
      }
      for (const { path, offset, length } of referencesOf(template)) {
        expect(path.length).toBeGreaterThan(0);
        expect(source.slice(offset, offset + length)).toContain(path[0]);
      }
      typeOf(template, scope);
      statusFunctionsOf(source);
      const result = createEvaluator().evaluate(template, context);
      if (result.ok) expect(isPlain(result.value)).toBe(true);
      expect(createEvaluator().evaluate(template, context)).toEqual(result);
      expect(JSON.stringify(context)).toBe(before);
    }),
    { numRuns: 3000 },
  );
});

test("any string is parsed in every mode without a crash", () => {
  fc.assert(
    fc.property(sources, fc.constantFrom("value" as const, "text" as const, "bare" as const), (source, mode) => {
      const parsed = parseTemplate({ a: [source, `\${{ ${source} }}`] }, mode);
      if (!parsed.ok) for (const problem of parsed.error) expect(problem.pointer[0]).toBe("a");
      expect(parsed).toEqual(parseTemplate({ a: [source, `\${{ ${source} }}`] }, mode));
    }),
    { numRuns: 500 },
  );
});

test("to_json and from_json give back what they got", () => {
  const safe = fc
    .jsonValue({ maxDepth: 5 })
    .filter((value) => !JSON.stringify(value).includes("e+") && !JSON.stringify(value).includes("-0"));
  fc.assert(
    fc.property(safe, (value) => {
      const result = createEvaluator().evaluate(
        { kind: "cel", source: "from_json(to_json({'v': [v, v]})).v[1]" },
        { v: value as Json },
      );
      expect(result).toEqual({ ok: true, value: JSON.parse(JSON.stringify(value)) as Json });
    }),
    { numRuns: 200 },
  );
});

test("a checked text over values of its shape prints every value as it is", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 20 }), { minLength: 1, maxLength: 5 }), (sites) => {
      const template: Template = { kind: "text", source: "{{#each inputs.sites as |s|}}[{{s}}]{{/each}}" };
      expect(checkTemplate(template, scope, "text")).toEqual([]);
      expect(createEvaluator().evaluate(template, { inputs: { sites } })).toEqual({
        ok: true,
        value: sites.map((site) => `[${site}]`).join(""),
      });
    }),
    { numRuns: 200 },
  );
});
