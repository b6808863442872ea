import { describe, expect, it } from "vitest";
import { DEEPEST_JSON, readJson } from "../../../src/util/json.ts";

describe("JSON from outside", () => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

  it("may nest so deep and no deeper", () => {
    expect(readJson(nested(DEEPEST_JSON)).ok).toBe(true);
    expect(readJson(nested(DEEPEST_JSON + 1))).toEqual({ ok: false, error: "it nests deeper than 200 levels" });
    expect(readJson(`{"a":${'{"a":'.repeat(1_000_000)}1${"}".repeat(1_000_000)}}`).ok).toBe(false);
  });

  it("counts no brackets inside of strings, and not how many stand beside each other", () => {
    const text = JSON.stringify([`${"[".repeat(9_999)}"\\`, "[{".repeat(999)]);
    expect(readJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
    expect(readJson(`[${"[],".repeat(9_999)}{}]`).ok).toBe(true);
  });

  it("says why it cannot be read", () => {
    expect(readJson("{")).toMatchObject({ ok: false, error: expect.stringContaining("JSON") });
  });
});
