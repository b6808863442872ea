import { expect, it } from "vitest";
import { fingerprint, fingerprintChange } from "../../../src/run/fingerprint.ts";

const digest = (char: string): string => char.repeat(64);

it("a fingerprint is the step as written and the values it read", () => {
  expect(fingerprint(digest("a"), [["inputs.n", 1]])).toMatch(/^a{20}[0-9a-f]{20}$/);
  expect(fingerprint(digest("a"), [["inputs.n", { x: 1, y: 2 }]])).toBe(
    fingerprint(digest("a"), [["inputs.n", { y: 2, x: 1 }]]),
  );
});

it("tells an edit of the step from another value, and another name from another value", () => {
  const before = fingerprint(digest("a"), [["inputs.n", 1]]);
  expect(fingerprintChange(before, fingerprint(digest("a"), [["inputs.n", 1]]))).toBe("same");
  expect(fingerprintChange(before, fingerprint(digest("a"), [["inputs.n", "1"]]))).toBe("values");
  expect(fingerprintChange(before, fingerprint(digest("a"), [["inputs.m", 1]]))).toBe("values");
  expect(fingerprintChange(before, fingerprint(digest("b"), [["inputs.n", 1]]))).toBe("step");
  expect(fingerprintChange(before, fingerprint(digest("b"), []))).toBe("step");
});
