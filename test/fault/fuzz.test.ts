import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answer } from "../rig/fuzz/answer.ts";
import { mutant } from "../rig/fuzz/mutant.ts";
import { shareOf } from "../rig/fault/share.ts";

/** Always the same texts; FC_SEED=... tries others, FC_SCALE=10 ten times as many. */
const seed = Number(process.env["FC_SEED"] ?? 20_261_122);
const scale = Number(process.env["FC_SCALE"] ?? 1);

/** CPU time that one manifest may take, reading, planning and drawing together. */
const LONGEST_MS = 1000;

describe(`100,000 manifests with something wrong (FC_SEED=${seed})`, () => {
  for (let tenth = 1; tenth <= 10; tenth += 1) {
    test(`${tenth * 10}%: each is answered, within a second`, { timeout: 1_800_000 }, () => {
      let slowest = { cpuMs: 0, text: "" };
      const property = fc.property(mutant(), (text) => {
        const { cpuMs } = answer(text);
        if (cpuMs > slowest.cpuMs) slowest = { cpuMs, text };
      });
      fc.assert(property, { seed: seed + tenth, numRuns: shareOf(10_000, 100) * scale });
      const { cpuMs, text } = slowest;
      process.stderr.write(
        `the slowest took ${Math.round(cpuMs)} ms: ${text.length} characters, ${JSON.stringify(text.slice(0, 60))} ...\n`,
      );
      expect(cpuMs, text).toBeLessThan(LONGEST_MS);
    });
  }
});
