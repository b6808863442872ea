import { describe, expect, it } from "vitest";
import { mayOverlap, pathProblem, plainPath, skeletonOf } from "../../../src/plan/file-pattern.ts";

describe("whether one path may match two patterns", () => {
  it.each([
    ["report.md", "report.md"],
    ["./report.md", "report.md"],
    ["out", "out/a/b.txt"],
    ["out/", "out/*.json"],
    ["out/*.json", "out/a.json"],
    ["out/*.json", "out/a*"],
    ["**/*.md", "docs/a/b.md"],
    ["**/a.md", "a.md"],
    ["docs/**/a.md", "docs/a.md"],
    ["out/\0.md", "out/a/b.md"],
    ["out/\0", "out/\0.md"],
    ["out/a?.md", "out/ab.md"],
    ["out/{a,b}.md", "out/b.md"],
    ["**", "x/y"],
  ])("%j and %j do", (one, other) => {
    expect([mayOverlap(one, other), mayOverlap(other, one)]).toEqual([true, true]);
  });

  it.each([
    ["report.md", "summary.md"],
    ["out/*.json", "out/a.md"],
    ["out/*.json", "out/a/b.json"],
    ["out", "output"],
    ["*", "x/y"],
    ["a/\0.md", "b/\0.md"],
    ["out/a?.md", "out/a/.md"],
    ["docs/**", "src/**"],
    ["out/\0.md", "out/\0.json"],
  ])("%j and %j do not", (one, other) => {
    expect([mayOverlap(one, other), mayOverlap(other, one)]).toEqual([false, false]);
  });

  it("takes time in the product of the lengths only", () => {
    const hostile = "*a".repeat(200);
    expect(mayOverlap(`${hostile}b`, `${hostile}c`)).toBe(false);
  });
});

describe("paths", () => {
  it.each([
    ["/etc/passwd", "is absolute"],
    ["C:/x", "is absolute"],
    ["../x", "has `..`"],
    ["a/../../x", "has `..`"],
    ["a\\b", "has a backslash"],
    [".git/config", "lies in .git"],
    ["./.muster/state.db", "lies in .muster"],
    [".", "names the whole workspace"],
  ])("%j is refused", (path, why) => {
    expect(pathProblem(path)).toContain(why);
  });

  it.each(["report.md", "out/", "./a/b", "a..b/c", "**/*.md", ".github/x"])("%j may be written", (path) => {
    expect(pathProblem(path)).toBeNull();
  });

  it("are told by what is written of them", () => {
    expect(skeletonOf({ kind: "text", source: "out/{{ item }}-{{#if x}}y{{/if}}.md" })).toBe("out/\0-\0.md");
    expect(skeletonOf({ kind: "literal", value: "out/a.md" })).toBe("out/a.md");
    expect(plainPath("./a//b/")).toBe("a/b");
  });
});
