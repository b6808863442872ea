import fc from "fast-check";
import { expect, test } from "vitest";
import { answer } from "../rig/fuzz/answer.ts";
import { mutant } from "../rig/fuzz/mutant.ts";

/** Always the same texts; FC_SEED=... tries others, FC_SCALE=10 ten times as many. 100,000: `npm run test:faults`. */
const seed = Number(process.env["FC_SEED"] ?? 20_261_122);
const scale = Number(process.env["FC_SCALE"] ?? 1);

test(`manifests with something wrong are answered, whatever it is (FC_SEED=${seed})`, () => {
  let valid = 0;
  let invalid = 0;
  const property = fc.property(mutant(), (text) => {
    if (answer(text).isValid) valid += 1;
    else invalid += 1;
  });
  fc.assert(property, { seed, numRuns: 1500 * scale });
  // The mutations are neither all harmless nor all deadly: both ways through the compiler are taken.
  expect(valid).toBeGreaterThan(50 * scale);
  expect(invalid).toBeGreaterThan(500 * scale);
}, 600_000);
