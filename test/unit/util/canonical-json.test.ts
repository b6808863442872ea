import { expect, test } from "vitest";
import { canonicalJson, writeCanonicalJson } from "../../../src/util/canonical-json.ts";
import type { Json } from "../../../src/util/json.ts";

test("keys are sorted by UTF-16 code unit at every level, numbers among them as texts", () => {
  const value: Json = {
    b: [
      { d: 1, c: null },
      { c: 2, d: true },
    ],
    "10": 1,
    "9": 2,
    é: "x",
    Z: -0,
    a: {},
    e: [],
  };
  expect(canonicalJson(value)).toBe(
    '{"10":1,"9":2,"Z":0,"a":{},"b":[{"c":null,"d":1},{"c":2,"d":true}],"e":[],"é":"x"}',
  );
});

test("texts are escaped as JSON does it, alone surrogates included", () => {
  const texts = ["", "plain ~ text", 'a "quote"', "back\\slash", "line\nfeed", "\u007f\u2028é", "\ud800", "😀"];
  expect(canonicalJson(texts)).toBe(JSON.stringify(texts));
});

test("a large value comes in several parts, which make up its text", () => {
  const value = Array.from({ length: 5000 }, (_, index) => ({ name: `step ${index}`, index }));
  const parts: string[] = [];
  writeCanonicalJson(value, (part) => parts.push(part));
  expect(parts.length).toBeGreaterThan(2);
  expect(parts.join("")).toBe(`[${value.map(({ name, index }) => `{"index":${index},"name":"${name}"}`).join(",")}]`);
});
