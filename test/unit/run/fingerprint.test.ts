import { expect, it } from "vitest";
import { fingerprint, fingerprintChange, Fingerprints } from "../../../src/run/fingerprint.ts";

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

it("those of the units of one step are the same, whatever is kept from one to the next", () => {
  const shared = { b: "x".repeat(300), a: [1, { z: null, y: true }] };
  const long = 'a "quoted" line\n'.repeat(40);
  const huge = "h".repeat(1_100_000);
  const fingerprints = new Fingerprints();
  for (const item of [1, "one", null, { k: 1 }, { k: 2 }, long, `${long}.`, long, huge, shared, { k: 1 }]) {
    const read = [
      ["env", shared],
      ['"item"', item],
      ["steps.a.output", long],
      ["steps.b.output", huge],
    ] as const;
    expect(fingerprints.of(digest("a"), read)).toBe(fingerprint(digest("a"), read));
    expect(fingerprints.of(digest("b"), [["env", item]])).toBe(fingerprint(digest("b"), [["env", item]]));
  }
  expect(fingerprints.of(digest("a"), [])).toBe(fingerprint(digest("a"), []));
});
