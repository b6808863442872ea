import { expect, test } from "vitest";
import { parseTemplate, sourceOffset } from "../../../src/expression/parse.ts";
import { templateOf } from "./fixture.ts";

const refusal = (value: string, mode: "value" | "text" | "bare") => {
  const parsed = parseTemplate(value, mode);
  if (parsed.ok) throw new Error("it was accepted");
  return parsed.error.map(({ code, message, help, offset, length }) => [
    code,
    value.slice(offset, offset + length),
    message,
    help,
  ]);
};

test("a whole ${{ }} is an expression, white space and maps inside included", () => {
  expect(templateOf("${{ inputs.topic }}", "value")).toEqual({ kind: "cel", source: "inputs.topic" });
  expect(templateOf('  ${{ {"a": {"b": 1}} }}\n', "text")).toEqual({ kind: "cel", source: '{"a": {"b": 1}}' });
  expect(templateOf('${{ "}}" + "${{" }}', "value")).toEqual({ kind: "cel", source: '"}}" + "${{"' });
});

test("a bare expression may be wrapped, and true is true", () => {
  expect(templateOf("success()")).toEqual({ kind: "cel", source: "success()" });
  expect(templateOf("${{ success() }}")).toEqual({ kind: "cel", source: "success()" });
  expect(templateOf(true)).toEqual({ kind: "literal", value: true });
});

test("a text without {{ }} and data without templates stay what they are", () => {
  const data = { a: [1, null, "x"], ["__proto__"]: "y" };
  expect(templateOf("no braces", "text")).toEqual({ kind: "literal", value: "no braces" });
  expect(templateOf(data, "value")).toEqual({ kind: "literal", value: data });
});

test("templates inside of data are found at any depth", () => {
  expect(templateOf({ a: ["x", "${{ inputs.n }}"] }, "value")).toEqual({
    kind: "object",
    entries: {
      a: {
        kind: "list",
        items: [
          { kind: "literal", value: "x" },
          { kind: "cel", source: "inputs.n" },
        ],
      },
    },
  });
});

test("${{ }} inside of a longer text shows the {{ }} form", () => {
  expect(refusal("About ${{ inputs.topic }}.", "text")).toEqual([
    [
      "WF4003",
      "${{ inputs.topic }}",
      "`${{ }}` is a whole value and cannot be part of a longer text",
      "in a text write {{ inputs.topic }}",
    ],
  ]);
  expect(refusal("${{ a }} and ${{ b }}", "value")[0]?.[3]).toBe(
    'write the whole value as one expression: ${{ a + " and " + b }}',
  );
  expect(refusal("${{ a", "value")[0]?.[2]).toBe("`${{` is not closed");
  expect(refusal("a && ${{ b }}", "bare")[0]?.[3]).toBe("write the expression without `${{ }}`");
});

test("{{ }} in a value would stay there, so it is refused", () => {
  expect(refusal("Hello {{ inputs.name }}!", "value")).toEqual([
    [
      "WF4003",
      "{{ inputs.name }}",
      "`{{ }}` is not replaced here: this is a value, not a text",
      'write the whole value as one expression: ${{ "Hello " + inputs.name + "!" }}',
    ],
  ]);
});

test("every misplaced form is reported, each with where it is", () => {
  const parsed = parseTemplate({ a: ["x {{ b }}"], c: "${{ d }} e" }, "value");
  expect(parsed.ok ? [] : parsed.error.map(({ pointer, offset }) => ({ pointer, offset }))).toEqual([
    { pointer: ["a", 0], offset: 2 },
    { pointer: ["c"], offset: 0 },
  ]);
});

test("an offset in the source leads back to the string as written", () => {
  const written = "${{   inputs.topic }}";
  expect(sourceOffset(written, templateOf(written, "value"))).toBe(6);
  expect(sourceOffset("{{ a }}", templateOf("{{ a }}", "text"))).toBe(0);
});

test("a long run of braces or quotes is read once", () => {
  for (const source of ["${{".repeat(50_000), `\${{ ${'"'.repeat(100_001)} }}`, `\${{ ${"{".repeat(100_000)} }}`]) {
    const start = performance.now();
    parseTemplate(source, "value");
    expect(performance.now() - start).toBeLessThan(500);
  }
});
