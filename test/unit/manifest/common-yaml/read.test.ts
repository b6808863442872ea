import { describe, expect, test } from "vitest";
import { readCommonYaml } from "../../../../src/manifest/common-yaml/read.ts";

const read = (...lines: readonly string[]): unknown => readCommonYaml(`${lines.join("\n")}\n`)?.data;

describe("the common form of YAML", () => {
  test("maps, lists, comments and what stands in one line", () => {
    const data = read(
      "# a manifest",
      "muster: 1 # the language",
      "empty:",
      "tags: [a, 'b, c', \"d\\n\", [], {}]",
      "steps:",
      "",
      "  one: { agent: a, needs: [x, y,], retry: { max_attempts: 3 } }",
      "  # between",
      "  two:",
      "    if: ${{ inputs.a }}",
      "list:",
      "- 1.5",
      "- a: b",
      "  c: true",
      "-   - deep",
      "    - null",
    );
    expect(data).toEqual({
      muster: 1,
      empty: null,
      tags: ["a", "b, c", "d\n", [], {}],
      steps: {
        one: { agent: "a", needs: ["x", "y"], retry: { max_attempts: 3 } },
        two: { if: "${{ inputs.a }}" },
      },
      list: [1.5, { a: "b", c: true }, ["deep", null]],
    });
  });

  test("a flow collection goes over several lines", () => {
    expect(read("a: {", "   b: 1,", "", "   c: [", "    2 ]", " }")).toEqual({ a: { b: 1, c: [2] } });
  });

  test("texts below their key", () => {
    expect(read("a: |", "  one", "", "   two", "b: >-", "  one", "  two", "", "  three", "", "c: x")).toEqual({
      a: "one\n\n two\n",
      b: "one two\nthree",
      c: "x",
    });
  });

  test.each([
    ["an anchor", "a: &b c"],
    ["an alias", "a: *b"],
    ["a tag", "a: !b c"],
    ["a merge key", "<<: a"],
    ["two documents", "a: b\n---\nc: d"],
    ["a directive", "%YAML 1.2\n---\na: b"],
    ["a tab", "a:\tb"],
    ["CRLF", "a: b\r"],
    ["a byte order mark", "\ufeffa: b"],
    ["a key written twice", "a: b\na: c"],
    ["a key that is no text", "null: a"],
    ["`__proto__`", "__proto__: a"],
    ["a text over several lines", "a: b\n  c"],
    ["a quoted text over several lines", 'a: "b\n  c"'],
    ["a large number", "a: 12345678901234567890"],
    ["an octal number", "a: 0o17"],
    ["not a number", "a: .nan"],
    ["a colon in a text", "a: b: c"],
    ["an escape that JSON does not know", 'a: "\\x41"'],
    ["a quote that is not closed", 'a: "b'],
    ["braces that are not closed", "a: { b: c"],
    ["another indentation", "a:\n    b: c\n  d: e"],
    ["a list beside a map", "a: b\n- c"],
    ["a text as a whole", "a"],
    ["nothing", ""],
    ["deep nesting", `a: ${"[".repeat(60)}${"]".repeat(60)}`],
  ])("%s is left to the library", (_, text) => {
    expect(readCommonYaml(`${text}\n`)).toBeUndefined();
  });
});
