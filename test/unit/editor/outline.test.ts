import { describe, expect, it } from "vitest";
import { cursorAt } from "../../../src/editor/cursor.ts";
import { flowAt } from "../../../src/editor/flow.ts";
import { outlineOf, pointerTo, stepsIn } from "../../../src/editor/outline.ts";
import { openBlocks, pathBefore } from "../../../src/editor/path-word.ts";

/** The cursor at `§`. */
function cursor(marked: string): ReturnType<typeof cursorAt> {
  const before = marked.slice(0, marked.indexOf("§")).split("\n");
  const at = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
  return cursorAt(outlineOf(marked.replace("§", "")), at);
}

describe("the outline of a text", () => {
  it("has maps, lists beside and below their key, and blocks of text as one value", () => {
    const outline = outlineOf("a:\n  b: |\n    c: no key\n\n  d:\n  - e: 1\n    f: 2\n  - g\n# h: no\n'i j': {k: 1}\n");
    expect(outline.entries.map((_, index) => pointerTo(outline, index).join("/"))).toEqual([
      "a",
      "a/b",
      "a/d",
      "a/d/0",
      "a/d/0/e",
      "a/d/0/f",
      "a/d/1",
      "i j",
    ]);
  });

  it("knows steps in groups and in finally, and no other map of that name", () => {
    const text =
      "inputs:\n  steps:\n    x: 1\nsteps:\n  a:\n    steps:\n      b:\n        run: x\n    with:\n      steps:\n        no: 1\nfinally:\n  c:\n    run: y\n";
    expect(stepsIn(outlineOf(text)).map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });

  it("is there for any text", () => {
    for (const text of ["", "\r\n\r\n", "- - - a: b", "\t: :", "a: |", ": [{", "- ? x\n  : y", "\u0000"])
      expect(outlineOf(text).owners.length).toBe(outlineOf(text).lines.length);
  });
});

describe("the cursor", () => {
  it("is in a key, a new key, a value or an expression", () => {
    expect(cursor("steps:\n  a:\n    ta§")).toMatchObject({ pointer: ["steps", "a"], isKey: true, word: "ta" });
    expect(cursor("steps:\n  a:\n    run: x\n    §")).toMatchObject({
      pointer: ["steps", "a"],
      isKey: true,
      keys: ["run"],
    });
    expect(cursor("steps:\n  a:\n    run: x\n  §")).toMatchObject({ pointer: ["steps"], isKey: true, keys: ["a"] });
    expect(cursor("steps:\n  a:\n    needs: [b, §")).toMatchObject({
      pointer: ["steps", "a", "needs", 1],
      isKey: false,
    });
    expect(cursor("steps:\n  a:\n    needs:\n      - §")).toMatchObject({ pointer: ["steps", "a", "needs", 0] });
    expect(cursor("a: |\n  x {{ b.§").expression).toEqual({ kind: "text", before: " b.", text: "  x {{ b." });
    expect(cursor("a: ${{ b.§ }}").expression).toMatchObject({ kind: "cel", before: " b." });
    expect(cursor("a:\n  if: b == §").expression).toMatchObject({ kind: "cel", before: "b == " });
    expect(cursor("a: ${{ b }} §").expression).toBeNull();
  });
});

describe("a text in braces", () => {
  it("tells the keys that lead to its end", () => {
    expect(flowAt("{ budget: { us")).toEqual({ pointer: ["budget"], isKey: true, word: "us", keys: [] });
    expect(flowAt("{ a: 1, b: [x, {c: ")).toEqual({ pointer: ["b", 1, "c"], isKey: false, word: "", keys: ["c"] });
    expect(flowAt("{ a: 'x, y', b")).toMatchObject({ pointer: [], isKey: true, word: "b", keys: ["a"] });
    expect(flowAt("]}}")).toMatchObject({ pointer: [], isKey: false });
  });
});

describe("a path before the cursor", () => {
  it("has its segments, with an index as []", () => {
    expect(pathBefore(" size(steps.a.output[0].ti")).toEqual({ path: ["steps", "a", "output", "[]"], word: "ti" });
    expect(pathBefore("#each steps.")).toEqual({ path: ["steps"], word: "" });
    expect(pathBefore("a + ")).toEqual({ path: [], word: "" });
    expect(pathBefore('steps["a"].?out')).toEqual({ path: ["steps", "a"], word: "out" });
  });

  it("stands in the blocks that are open", () => {
    expect(openBlocks("{{#each a.b}}{{#if c}}{{#with d as |e|}} x")).toEqual([
      { kind: "each", path: ["a", "b"], name: null },
      { kind: "with", path: ["d"], name: "e" },
    ]);
    expect(openBlocks("{{#each a}}{{/each}}")).toEqual([]);
  });
});
