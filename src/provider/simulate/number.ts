import type { JsonObject } from "../../util/json.ts";
import { pick } from "./seed.ts";

/** How far from its one bound a number may be, and how large it is without any. */
const USUAL_RANGE = 100;

/** A number within the limits of a schema; a whole one, unless only others fit. */
export function simulatedNumber(schema: JsonObject, isInteger: boolean, seed: string): number {
  const low = Math.max(numberOf(schema["minimum"], -Infinity), numberOf(schema["exclusiveMinimum"], -Infinity));
  const high = Math.min(numberOf(schema["maximum"], Infinity), numberOf(schema["exclusiveMaximum"], Infinity));
  const from = low > -Infinity ? low : high < Infinity ? Math.min(1, high - USUAL_RANGE) : 1;
  const to = high < Infinity ? high : from + USUAL_RANGE;
  const fits = (value: number): boolean =>
    value >= low && value <= high && value !== schema["exclusiveMinimum"] && value !== schema["exclusiveMaximum"];

  const multiple = numberOf(schema["multipleOf"], 0);
  for (const step of multiple > 0 ? [multiple] : isInteger ? [1] : [1, 0.01, (to - from) / 2]) {
    const first = Math.ceil(from / step);
    const count = Math.floor(to / step) - first + 1;
    if (!(count > 0)) continue;
    // The one that the seed picks, or the next that fits: the bounds themselves may be excluded.
    const start = pick(seed, Math.min(count, 2 ** 32));
    for (let turn = 0; turn < Math.min(count, 3); turn += 1) {
      const value = Number(((first + ((start + turn) % count)) * step).toPrecision(15));
      if (fits(value)) return value;
    }
  }
  return isInteger ? Math.ceil(from) : (from + to) / 2;
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
