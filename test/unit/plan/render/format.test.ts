import { describe, expect, it } from "vitest";
import { formatCost, formatPrice, formatRange, oneLine } from "../../../../src/plan/render/format.ts";
import { wrap } from "../../../../src/plan/render/wrap.ts";

describe("figures", () => {
  it("rounds a floor down and a ceiling up, so that both stay bounds", () => {
    expect(formatCost({ floor: 0.001_29, ceiling: 0.001_21 })).toBe("$0.0012 to $0.0013");
    expect(formatCost({ floor: 0.000_01, ceiling: 1234.561 })).toBe("under $0.0001 to $1,234.57");
    expect(formatCost({ floor: 0, ceiling: 0.5 })).toBe("$0 to $0.5000");
  });

  it("does not make more of an exact figure", () => {
    expect(formatCost({ floor: 0.0007, ceiling: 0.0007 })).toBe("$0.0007");
    expect(formatCost({ floor: 0.1 + 0.2, ceiling: 0.1 + 0.2 })).toBe("$0.3000");
    expect(formatCost({ floor: 0, ceiling: 0 })).toBe("$0");
    expect(formatCost({ floor: 1, ceiling: 1e15 })).toBe("$1.00 to $1,000,000,000,000,000.00");
  });

  it("writes prices as exact as they are", () => {
    expect([0.1, 0.125, 15, 0.000_25].map(formatPrice)).toEqual(["$0.10", "$0.125", "$15.00", "$0.00025"]);
  });

  it("writes counts with their thousands apart", () => {
    expect(formatRange({ floor: 3, ceiling: 3 })).toBe("3");
    expect(formatRange({ floor: 0, ceiling: 1_234_567 })).toBe("0 to 1,234,567");
  });
});

describe("texts", () => {
  it("come on one line and without power over the terminal", () => {
    expect(oneLine("  a\n\tb\u001b[31m\u202e ")).toBe("a b␛[31m\uFFFD");
  });

  it("break at spaces, by the width that a terminal shows", () => {
    expect(wrap("one two three", "  ", 9)).toEqual(["  one two", "  three"]);
    expect(wrap("端から 端まで", "", 8)).toEqual(["端から", "端まで"]);
    expect(wrap("averylongword b", "", 4)).toEqual(["averylongword", "b"]);
  });
});
