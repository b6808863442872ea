import { expect, test } from "vitest";
import { readDocument } from "../../../src/manifest/read.ts";
import { validateManifest } from "../../../src/manifest/validate.ts";

function codesOf(text: string): string[] {
  const document = readDocument({ path: "w.yaml", text });
  return document.ok ? [] : document.error.map(({ code }) => code);
}

test.each([
  ["lists in lists", "[".repeat(50_000)],
  ["closed lists in lists", `a: ${"[".repeat(3000)}${"]".repeat(3000)}`],
  ["maps in maps", "{a: ".repeat(20_000)],
  ["dashes", "- ".repeat(50_000)],
  ["question marks", "? ".repeat(50_000)],
])("nesting without end is refused: %s", (_, text) => {
  expect(codesOf(text)).toEqual(["WF1008"]);
});

test("aliases that multiply are refused before they take memory", () => {
  const levels = Array.from("abcdefghijklmnop");
  const lines = levels.map((name, index) => {
    const before = levels[index - 1];
    return `${name}: &${name} [${Array<string>(10)
      .fill(before ? `*${before}` : "x")
      .join(", ")}]`;
  });
  expect(codesOf(lines.join("\n"))).toEqual(["WF1007"]);
});

test("many plain aliases are allowed", () => {
  const text = `a: &a { timeout: 5m }\n${Array.from({ length: 20_000 }, (_, index) => `k${index}: *a\n`).join("")}`;
  expect(codesOf(text)).toEqual([]);
});

test("a file of more than a megabyte is refused", () => {
  expect(codesOf(`a: ${"x".repeat(1024 * 1024)}`)).toEqual(["WF1009"]);
});

test("20,000 keys are read, and each duplicate among them is reported", () => {
  const line = (index: number): string => `key${index % 10_000}: value ${index}\n`;
  const diagnostics = codesOf(Array.from({ length: 20_000 }, (_, index) => line(index)).join(""));
  expect(diagnostics).toHaveLength(10_000);
  expect(new Set(diagnostics)).toEqual(new Set(["WF1004"]));
});

test("20,000 unknown keys are 20,000 problems and a clear end", () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `key${index}: 1\n`).join("");
  const document = readDocument({ path: "w.yaml", text: `muster: 1\nname: a\nsteps: { a: { run: x } }\n${keys}` });
  const result = document.ok && validateManifest(document.value);
  expect(result && !result.ok && result.error.length).toBe(20_000);
});

test("names that mean something to JavaScript are only names", () => {
  const text = "__proto__: { polluted: true }\nconstructor: { prototype: 1 }\nhasOwnProperty: 2\n";
  const document = readDocument({ path: "w.yaml", text });
  expect(document.ok && Object.keys(document.value.data as object)).toEqual([
    "__proto__",
    "constructor",
    "hasOwnProperty",
  ]);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  if (!document.ok) return;
  expect(document.value.locate(["__proto__", "polluted"])).toMatchObject({ line: 1, column: 24 });
  const result = validateManifest(document.value);
  expect(!result.ok && result.error.map(({ code }) => code)).toEqual(["WF2014"]);
});

test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("a key '%s' is unknown at every level", (key) => {
  const text = `muster: 1\nname: a\n${key}: 1\nlimits: { ${key}: 1 }\nsteps: { a: { run: x, ${key}: 1, output: { ${key}: 1 } } }\n`;
  const document = readDocument({ path: "w.yaml", text });
  const result = document.ok && validateManifest(document.value);
  expect(result && !result.ok && result.error.map(({ code }) => code)).toEqual([
    "WF2001",
    "WF2001",
    "WF2001",
    "WF2001",
  ]);
});

test.each([
  "&&&&",
  "!",
  "%",
  "\0",
  "---\n---",
  "? : ? :",
  "*",
  "|",
  '"\\',
  "a: >\n",
  "{",
  "- - -\n-",
  "a: !!binary x",
  "\u2028: 1",
  "a: 'b",
])("fragments of YAML give an answer: %j", (text) => {
  const document = readDocument({ path: "w.yaml", text });
  const result = document.ok ? validateManifest(document.value) : document;
  expect(!result.ok && result.error.length).toBeGreaterThan(0);
});
