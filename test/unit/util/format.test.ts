import { describe, expect, it } from "vitest";
import { formatElapsed, formatTokens, formatUsd } from "../../../src/util/format.ts";

describe("figures for people", () => {
  it.each([
    [0, "0.0s"],
    [49, "0.0s"],
    [50, "0.1s"],
    [12_340, "12.3s"],
    [59_949, "59.9s"],
    [59_950, "1m00s"],
    [245_000, "4m05s"],
    [3_599_499, "59m59s"],
    [3_599_500, "1h00m"],
    [3_720_000, "1h02m"],
    [360_000_000, "100h00m"],
  ])("%d ms is %s", (ms, text) => expect(formatElapsed(ms)).toBe(text));

  it.each([
    [null, "cost unknown"],
    [0, "$0"],
    [0.000_000_05, "under $0.000001"],
    [0.000_001_5, "$0.0000015"],
    [0.0042, "$0.0042"],
    [0.004_24, "$0.0042"],
    [0.0123, "$0.012"],
    [0.5, "$0.500"],
    [1, "$1.00"],
    [1.254, "$1.25"],
    [1234.5, "$1234.50"],
  ])("%d dollars are %s", (usd, text) => expect(formatUsd(usd)).toBe(text));

  it.each([
    [0, "0"],
    [950, "950"],
    [999, "999"],
    [1000, "1.0k"],
    [12_400, "12.4k"],
    [999_949, "999.9k"],
    [999_950, "1.0M"],
    [1_234_567, "1.2M"],
  ])("%d tokens are %s", (tokens, text) => expect(formatTokens(tokens)).toBe(text));
});
