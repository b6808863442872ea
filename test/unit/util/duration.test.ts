import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../../src/util/duration.ts";
import { parseSize } from "../../../src/util/size.ts";

test.each([
  ["500ms", 500],
  ["90s", 90_000],
  ["5m", 300_000],
  ["1h30m", 5_400_000],
  ["7d", 604_800_000],
  ["1d2h3m4s5ms", 93_784_005],
  ["0s", 0],
])("%s is %i ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "10", "5 m", "1.5h", "30s1m", "1h1h", "-5s", "5M", "m", "5min", "99999999d", "1e3s", "٣s"])(
  "%j is no duration",
  (text) => {
    expect(parseDuration(text)).toBeNull();
  },
);

test("what is formatted is read back", () => {
  fc.assert(fc.property(fc.nat({ max: 3_000_000_000_000 }), (ms) => parseDuration(formatDuration(ms)) === ms));
  expect([5_400_000, 0, 61_500, 86_400_000, 1500].map(formatDuration)).toEqual([
    "1h30m",
    "0s",
    "1m1s500ms",
    "1d",
    "1500ms",
  ]);
});

test("sizes", () => {
  expect(["64KiB", "256MiB", "1GiB", "0B"].map(parseSize)).toEqual([65_536, 268_435_456, 1_073_741_824, 0]);
  expect(["64", "64KB", "1.5MiB", "9999999999TiB", ""].map(parseSize)).toEqual([null, null, null, null, null]);
});
