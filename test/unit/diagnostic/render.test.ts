import { expect, test } from "vitest";
import type { Diagnostic } from "../../../src/diagnostic/diagnostic.ts";
import { diagnosticsToJson } from "../../../src/diagnostic/json.ts";
import { renderDiagnostics } from "../../../src/diagnostic/render.ts";

const at = (line: number, column: number, length: number, more: Partial<Diagnostic> = {}): Diagnostic => ({
  file: "w.yaml",
  span: { line, column, endLine: line, endColumn: column + length },
  severity: "error",
  code: "WF2001",
  message: "unknown key",
  help: null,
  related: [],
  ...more,
});

const show = (text: string, diagnostic: Diagnostic, options = {}) =>
  renderDiagnostics([diagnostic], [{ path: "w.yaml", text }], options);

test("a place, a line with its mark, help, and the other place", () => {
  const other = { file: "w.yaml", span: { line: 1, column: 1, endLine: 1, endColumn: 2 }, message: "first here" };
  expect(show("a: 1\nbb: 2\n", at(2, 1, 2, { help: "take it out", related: [other] }))).toBe(
    [
      "w.yaml:2:1 error WF2001: unknown key",
      "  2 | bb: 2",
      "    | ~~",
      "  help: take it out",
      "  see: w.yaml:1:1 first here",
      "",
    ].join("\n"),
  );
});

test("a span over several lines is marked to the end of its first", () => {
  const span = { line: 1, column: 4, endLine: 3, endColumn: 2 };
  expect(show("a: [1,\n  2\n]\n", at(1, 4, 1, { span }))).toContain("  1 | a: [1,\n    |    ~~~\n");
});

test("marks stand under wide characters, joined ones and tabs", () => {
  expect(show("日本: x\n", at(1, 5, 1))).toContain("  1 | 日本: x\n    |       ~\n");
  expect(show("e\u0301: x\n", at(1, 5, 1))).toContain("    |    ~\n");
  expect(show("\ta: x\n", at(1, 2, 1))).toContain("  1 |  a: x\n    |  ~\n");
});

test("nothing of the file reaches the terminal as a command", () => {
  const shown = show("a: \x1b[2J\x07\u202e\x9b\ud800\n", at(1, 4, 2, { message: "bad \x1b[31m", file: "w.yaml" }));
  expect(shown).toBe("w.yaml:1:4 error WF2001: bad ␛[31m\n  1 | a: ␛[2J␇���\n    |    ~~\n");
});

test.each([0, 500, 5000, 9990])("a long line is cut around the place, which stays in sight (column %i)", (before) => {
  const text = `${"x".repeat(before)}HERE${"y".repeat(10_000 - before)}`;
  const [, line = "", mark = ""] = show(text, at(1, before + 1, 4), { width: 80 }).split("\n");
  expect(line.length).toBeLessThanOrEqual(80);
  expect(line.slice(mark.indexOf("~"), mark.lastIndexOf("~") + 1)).toBe("HERE");
});

test("a long mark in a long line is cut with it", () => {
  const [, line = "", mark = ""] = show("z".repeat(10_000), at(1, 1, 10_000), { width: 80 }).split("\n");
  expect(line.length).toBeLessThanOrEqual(80);
  expect(mark.length).toBeLessThanOrEqual(80);
});

test("without the file's text there is no frame; beyond the limit there is a count", () => {
  expect(renderDiagnostics([at(1, 1, 1), at(2, 1, 1), at(3, 1, 1)], [], { limit: 1 })).toBe(
    "w.yaml:1:1 error WF2001: unknown key\n\nand 2 more\n",
  );
});

test("colours are put in when asked for", () => {
  expect(show("a: 1\n", at(1, 1, 1), { color: true })).toContain("\x1b[31merror WF2001\x1b[39m");
});

test("as JSON", () => {
  const other = { file: "w.yaml", span: { line: 1, column: 1, endLine: 1, endColumn: 2 }, message: "first here" };
  expect(diagnosticsToJson([at(2, 3, 4, { help: "help", related: [other] })])).toEqual({
    version: 1,
    diagnostics: [
      {
        file: "w.yaml",
        line: 2,
        column: 3,
        end_line: 2,
        end_column: 7,
        severity: "error",
        code: "WF2001",
        message: "unknown key",
        help: "help",
        related: [{ file: "w.yaml", line: 1, column: 1, end_line: 1, end_column: 2, message: "first here" }],
      },
    ],
  });
});
