import { expect, test } from "vitest";
import { decodeSource } from "../../../src/manifest/decode.ts";

function refusal(bytes: Uint8Array) {
  const result = decodeSource("w.yaml", bytes);
  if (result.ok) return result.value.text;
  return result.error.map(({ code, message, span }) => `${span.line}:${span.column} ${code} ${message}`);
}

test("UTF-8 is read, a byte order mark is dropped", () => {
  expect(refusal(Buffer.from("\uFEFFname: café\n"))).toBe("name: café\n");
});

test.each([
  ["with a mark", Buffer.from("\uFEFFname: x", "utf16le")],
  ["big end first", Buffer.from("\uFEFFname: x", "utf16le").swap16()],
  ["without a mark", Buffer.from("name: x", "utf16le")],
  ["big end first, without a mark", Buffer.from("name: x", "utf16le").swap16()],
])("UTF-16 is named as such: %s", (_, bytes) => {
  expect(refusal(bytes)).toEqual(["1:1 WF1010 the file is UTF-16, not UTF-8"]);
});

test("a broken byte is reported with its place", () => {
  const bytes = Buffer.concat([Buffer.from("name: é\nsteps: {}\nté"), Buffer.from([0xff]), Buffer.from("\n")]);
  expect(refusal(bytes)).toEqual(["3:3 WF1010 the file is not UTF-8 text: there is a broken byte here"]);
});
