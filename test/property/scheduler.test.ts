import fc from "fast-check";
import { describe, test } from "vitest";
import { apply } from "../../src/run/scheduler/apply.ts";
import { initialState } from "../../src/run/scheduler/state.ts";
import { properties } from "../rig/scheduler/property.ts";

/** Always the same scenarios; FC_SEED=... tries others. */
const seed = Number(process.env["FC_SEED"] ?? 20_261_122);

describe(`the scheduler, on random graphs and orders of arrival (FC_SEED=${seed})`, () => {
  for (const { name, runs, on } of properties) {
    test(name, () => fc.assert(on({ apply, initialState }) as fc.IProperty<unknown>, { seed, numRuns: runs }));
  }
});
