import { expect, test } from "vitest";
import type { Span } from "../../../src/diagnostic/source.ts";
import type { Document } from "../../../src/manifest/document.ts";
import type { Pointer } from "../../../src/manifest/pointer.ts";
import { readDocument } from "../../../src/manifest/read.ts";

function read(text: string): Document {
  const document = readDocument({ path: "w.yaml", text });
  if (!document.ok) throw new Error(document.error[0]?.message);
  return document.value;
}

/** What the span covers in the file: how a reader would see it marked. */
function covered(document: Document, { line, column, endLine, endColumn }: Span): string {
  const lines = document.source.text.split("\n").slice(line - 1, endLine);
  lines[lines.length - 1] = (lines.at(-1) ?? "").slice(0, endColumn - 1);
  lines[0] = (lines[0] ?? "").slice(column - 1);
  return lines.join("\n");
}

/** Finds each word of the value at the pointer and tells where the document says it stands. */
function places(document: Document, pointer: Pointer, words: readonly string[]): string[] {
  let value: unknown = document.data;
  for (const segment of pointer) value = (value as Record<string | number, unknown>)[segment];
  return words.map((word) => {
    const offset = (value as string).indexOf(word);
    expect(offset, `'${word}' is in the value`).toBeGreaterThanOrEqual(0);
    const span = document.locateInText(pointer, offset, word.length);
    return `${span.line}:${span.column} ${covered(document, span)}`;
  });
}

test("a node and its key are found through maps and lists", () => {
  const document = read("a:\n  b: [x, { c: yes }]\n  d:\n");
  expect(document.locate(["a", "b", 1, "c"])).toEqual({ line: 2, column: 15, endLine: 2, endColumn: 18 });
  expect(covered(document, document.locate(["a", "b", 1, "c"], "key"))).toBe("c");
  expect(covered(document, document.locate(["a", "b", 0]))).toBe("x");
  expect(covered(document, document.locate(["a", "b"]))).toBe("[x, { c: yes }]");
});

test("an empty value is shown at its key, a missing one at the last node on its way", () => {
  const document = read("a:\n  b: { x: 1 }\n  d:\n");
  expect(covered(document, document.locate(["a", "d"]))).toBe("d");
  expect(covered(document, document.locate(["a", "b", "nothing", 3]))).toBe("{ x: 1 }");
});

test("an alias is found where it stands, what is in it where the anchor is", () => {
  const document = read("one: &one { text: hello world }\ntwo: *one\n");
  expect(document.data).toEqual({ one: { text: "hello world" }, two: { text: "hello world" } });
  expect(document.locate(["two"])).toMatchObject({ line: 2, column: 6 });
  expect(document.locate(["two", "text"])).toMatchObject({ line: 1, column: 19 });
  expect(places(document, ["two", "text"], ["world"])).toEqual(["1:25 world"]);
});

test.each([
  ["plain", "t: one two three\n", ["1:4 one", "1:12 three"]],
  ["plain over lines", "t: one\n  two\n\n  three\n", ["1:4 one", "4:3 three"]],
  ["single quotes", "t: 'one it''s three'\n", ["1:5 one", "1:15 three"]],
  ["double quotes", 't: "one \\"\\u00e9\\x41\\U0001F600\\n three"\n', ["1:5 one", "1:34 three"]],
  ["double quotes over lines", 't: "one \\\n   two\n   three"\n', ["1:5 one", "3:4 three"]],
  ["literal block", "t: |\n  one\n   two\n\n  three\n", ["2:3 one", "5:3 three"]],
  ["literal block, kept end", "t: |+\n  one\n  three\n\n\n", ["2:3 one", "3:3 three"]],
  ["literal block, given indent", "t: |2-\n    one\n  three\n", ["2:5 one", "3:3 three"]],
  ["folded block", "t: >\n  one\n  two\n\n    more\n    more\n  three\n", ["2:3 one", "7:3 three"]],
  ["folded block, blank lines first", "t: >-\n\n\n  one\n  three\n", ["4:3 one", "5:3 three"]],
  ["windows line ends", "t: |\r\n  one\r\n  two three\r\n", ["2:3 one", "3:7 three"]],
])("a place inside a text is found: %s", (_, text, expected) => {
  expect(places(read(text), ["t"], ["one", "three"])).toEqual(expected);
});

test("a place over a folded line covers both lines", () => {
  const document = read("t: >\n  one {{ two\n  three }} four\n");
  expect(places(document, ["t"], ["{{ two three }}"])).toEqual(["2:7 {{ two\n  three }}"]);
});

test("an escape is covered as a whole", () => {
  const document = read('t: "a\\u00e9b"\n');
  expect(places(document, ["t"], ["é"])).toEqual(["1:6 \\u00e9"]);
});

test("the end of a text and what is no text still have a place", () => {
  const document = read("t: one\nn: 5\n");
  expect(document.locateInText(["t"], 3, 0)).toEqual({ line: 1, column: 7, endLine: 1, endColumn: 7 });
  expect(document.locateInText(["n"], 0, 1)).toEqual({ line: 2, column: 4, endLine: 2, endColumn: 5 });
  expect(document.locateInText(["t"], 50, 2)).toEqual({ line: 1, column: 4, endLine: 1, endColumn: 7 });
});

test("a byte order mark does not shift the first line", () => {
  expect(read("\uFEFFa: b\n").locate(["a"])).toEqual({ line: 1, column: 4, endLine: 1, endColumn: 5 });
});
