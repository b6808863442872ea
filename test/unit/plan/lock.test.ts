import { describe, expect, it } from "vitest";
import { extendLock, parseLock, renderLock, type Lock, type LockFile } from "../../../src/plan/lock.ts";

const digest = (digit: string): string => digit.repeat(64);

const lock = (entries: { readonly [name: string]: { readonly [path: string]: string } }): Lock =>
  new Map(Object.entries(entries).map(([name, files]) => [name, new Map(Object.entries(files))]));

describe("muster.lock", () => {
  it("is sorted, and read as it was written", () => {
    const written = lock({
      "b/r@2": { "z.yaml": digest("1"), "a.md": digest("2") },
      "a/r@1": { "x.yaml": digest("3") },
    });
    const server = {
      name: "look",
      description: "Looks\u200b closely",
      inputSchema: { type: "object" as const },
      effect: "none" as const,
    };
    const file: LockFile = { repositories: written, servers: new Map([["desk --fast", [server]]]) };
    const text = renderLock(file);
    // What no eye can see is written out.
    expect(text).toContain("Looks\\u200b closely");
    expect(text.indexOf("a/r@1")).toBeLessThan(text.indexOf("b/r@2"));
    expect(text.indexOf("a.md")).toBeLessThan(text.indexOf("z.yaml"));
    expect(parseLock(text)).toEqual({ ok: true, value: file });
  });

  it("grows by what is new, and never changes what it has", () => {
    const before = lock({ "a/r@1": { "x.yaml": digest("1") } });
    expect(extendLock(before, lock({ "a/r@1": { "x.yaml": digest("2") } }))).toBeNull();
    expect(extendLock(before, lock({ "a/r@1": { "x.yaml": digest("2"), "y.yaml": digest("3") } }))).toEqual(
      lock({ "a/r@1": { "x.yaml": digest("1"), "y.yaml": digest("3") } }),
    );
  });

  it.each([
    ["<<<<<<< ours\n", "has an unresolved merge conflict"],
    ["muster: 1\n", "is not JSON"],
    ["[]", "has no version"],
    ['{ "version": 2 }', "has version 2, and this muster reads 1"],
    ['{ "version": 1, "repositories": [] }', "has no map of repositories"],
    ['{ "version": 1, "mcp": [] }', "has no map of MCP servers"],
    [
      '{ "version": 1, "mcp": { "desk": { "look": { "description": "x", "effect": "maybe" } } } }',
      "has no tools under 'desk'",
    ],
    ['{ "version": 1, "repositories": { "a/r@1": { "x": "abc" } } }', "has no digests under 'a/r@1'"],
  ])("%s is refused", (text, why) => {
    expect(parseLock(text)).toEqual({ ok: false, error: why });
  });
});
