import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mayOverlap } from "../../../src/plan/file-pattern.ts";
import { PathIndex } from "../../../src/plan/path-index.ts";

/** Paths that often meet: few names, wildcards, values that are put in (`\0`), spellings that mean the same. */
const part = fc.constantFrom("a", "b", "c.md", "*", "**", "*.md", "a*", "a?", "\0", "a\0", "{a,b}", ".");
const path = fc
  .tuple(fc.array(part, { minLength: 1, maxLength: 4 }), fc.constantFrom("", "/"))
  .map(([parts, end]) => parts.join("/") + end);

describe("an index of paths", () => {
  it("finds what a comparison of all finds, in its order", () => {
    fc.assert(
      fc.property(fc.array(path, { maxLength: 30 }), path, (paths, wanted) => {
        const index = new PathIndex<number>();
        paths.forEach((each, position) => index.add(each, position));
        const expected = paths.flatMap((each, position) => (mayOverlap(each, wanted) ? [position] : []));
        expect([...index.overlapping(wanted)]).toEqual(expected);
        expect(index.isComplete).toBe(true);
      }),
      { seed: 20_261_128, numRuns: 3000 },
    );
  });

  it("finds written-out names without comparing, however many there are", () => {
    const index = new PathIndex<number>();
    for (let at = 0; at < 20_000; at += 1) index.add(`out/${at}.md`, at);
    let found = 0;
    for (let at = 0; at < 20_000; at += 1) for (const each of index.overlapping(`out/${at}.md`)) found += each - at + 1;
    expect(found).toBe(20_000);
    expect(index.isComplete).toBe(true);
  });

  it("says that it gave up where too many patterns are alike", () => {
    const index = new PathIndex<number>();
    for (let at = 0; at < 1000; at += 1) index.add(`out/**/a${at}`, at);
    for (let at = 0; at < 1000 && index.isComplete; at += 1) expect([...index.overlapping(`out/*/b${at}`)]).toEqual([]);
    expect(index.isComplete).toBe(false);
  });
});
