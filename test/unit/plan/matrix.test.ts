import { describe, expect, it } from "vitest";
import type { NormalMatrix } from "../../../src/manifest/normal.ts";
import { combinationsOf, productOf } from "../../../src/plan/matrix.ts";

const matrixOf = (matrix: Partial<NormalMatrix>): NormalMatrix => ({ axes: {}, include: [], exclude: [], ...matrix });

describe("a matrix", () => {
  it("is every combination, the first key slowest", () => {
    const matrix = matrixOf({ axes: { model: ["a", "b"], tone: ["warm", "dry"] } });
    expect(productOf(matrix)).toBe(4);
    expect(combinationsOf(matrix)).toEqual([
      { model: "a", tone: "warm" },
      { model: "a", tone: "dry" },
      { model: "b", tone: "warm" },
      { model: "b", tone: "dry" },
    ]);
  });

  it("leaves out all that have the values of an `exclude`, by value and not by identity", () => {
    const axes = { on: [{ os: "x", bits: 64 }, { os: "y" }], n: [1, 2] };
    const exclude = [{ on: { bits: 64, os: "x" }, n: 2 }, { n: 1 }];
    expect(combinationsOf(matrixOf({ axes, exclude }))).toEqual([{ on: { os: "y" }, n: 2 }]);
  });

  // The example of the documentation of GitHub Actions ("Expanding or adding matrix configurations").
  it("is extended by `include` as in GitHub Actions", () => {
    const axes = { fruit: ["apple", "pear"], animal: ["cat", "dog"] };
    const include = [
      { color: "green" },
      { color: "pink", animal: "cat" },
      { fruit: "apple", shape: "circle" },
      { fruit: "banana" },
      { fruit: "banana", animal: "cat" },
    ];
    expect(combinationsOf(matrixOf({ axes, include }))).toEqual([
      { fruit: "apple", animal: "cat", color: "pink", shape: "circle" },
      { fruit: "apple", animal: "dog", color: "green", shape: "circle" },
      { fruit: "pear", animal: "cat", color: "pink" },
      { fruit: "pear", animal: "dog", color: "green" },
      { fruit: "banana" },
      { fruit: "banana", animal: "cat" },
    ]);
  });

  it("adds what was excluded again when `include` names it", () => {
    const matrix = matrixOf({ axes: { n: [1, 2] }, exclude: [{ n: 2 }], include: [{ n: 2, extra: true }] });
    expect(combinationsOf(matrix)).toEqual([{ n: 1 }, { n: 2, extra: true }]);
  });

  it("is its `include` alone where there is nothing to multiply", () => {
    expect(combinationsOf(matrixOf({ include: [{ a: 1 }, { b: 2 }] }))).toEqual([{ a: 1 }, { b: 2 }]);
  });
});
