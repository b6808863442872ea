import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { criticalPathOf, cyclesOf, topologicalOrder, wavesOf } from "../../../src/plan/graph.ts";
import { scopeOf } from "./fixture.ts";

describe("waves", () => {
  it("puts a step one wave after the last step that it waits for, in the order of the file", () => {
    const scope = scopeOf({ report: ["b", "a"], a: [], b: ["a"], alone: [] });
    expect(named(scope, wavesOf(scope))).toEqual([["a", "alone"], ["b"], ["report"]]);
  });

  it("has one wave for steps that wait for nothing, and none for no steps", () => {
    expect(wavesOf(scopeOf({ a: [], b: [] }))).toEqual([[0, 1]]);
    expect(wavesOf(scopeOf({}))).toEqual([]);
  });

  it("puts finally steps behind all others", () => {
    const scope = scopeOf({ clean: [], a: [], b: ["a"] }, ["clean"]);
    expect(named(scope, wavesOf(scope))).toEqual([["a"], ["b"], ["clean"]]);
  });

  it("orders every random graph so that needs come first, and names each step once", () => {
    fc.assert(
      fc.property(randomNeeds(), (needs) => {
        const scope = scopeOf(needs);
        const order = topologicalOrder(scope);
        const position = new Map(order.map((index, at) => [index, at]));
        expect([...order].sort((a, b) => a - b)).toEqual(scope.steps.map((_, index) => index));
        scope.steps.forEach((step, index) => {
          for (const need of step.needs.flatMap((group) => group.of)) {
            expect(position.get(need)).toBeLessThan(position.get(index) as number);
          }
        });
      }),
    );
  });
});

describe("critical path", () => {
  it("is the longest chain, ties by the order of the file", () => {
    const scope = scopeOf({ b: [], a: [], d: ["a"], c: ["a", "b"], e: ["c", "d"], short: [] });
    expect(criticalPathOf(scope).map((index) => scope.steps[index]?.id)).toEqual(["a", "d", "e"]);
  });

  it("is as long as there are waves", () => {
    fc.assert(
      fc.property(randomNeeds(), (needs) => {
        const scope = scopeOf(needs);
        expect(criticalPathOf(scope)).toHaveLength(wavesOf(scope).length);
      }),
    );
  });
});

describe("cycles", () => {
  it("finds none in a graph without", () => {
    expect(cyclesOf([[], [0], [0, 1]])).toEqual([]);
  });

  it("tells each knot once, by the shortest way round from its first step", () => {
    // 0 -> 1 -> 2 -> 0 with the short cut 0 -> 2; 3 waits for itself; 4 is only behind a knot.
    expect(cyclesOf([[1, 2], [2], [0], [3], [0]])).toEqual([[0, 2], [3]]);
  });

  it("finds a cycle of 100,000 steps without recursion", () => {
    const size = 100_000;
    const ring = Array.from({ length: size }, (_, index) => [(index + 1) % size]);
    expect(cyclesOf(ring)[0]).toHaveLength(size);
  });
});

function named(scope: ReturnType<typeof scopeOf>, waves: readonly (readonly number[])[]): (string | undefined)[][] {
  return waves.map((wave) => wave.map((index) => scope.steps[index]?.id));
}

/** Steps `s0`, `s1`, ... that need only steps with a smaller random rank: never a cycle, in any order of the file. */
function randomNeeds(): fc.Arbitrary<Record<string, string[]>> {
  return fc.array(fc.tuple(fc.integer(), fc.array(fc.nat(20), { maxLength: 4 })), { maxLength: 20 }).map((rows) => {
    const needs: Record<string, string[]> = {};
    rows.forEach(([rank, wanted], index) => {
      const allowed = wanted.filter((other) => {
        const otherRank = rows[other]?.[0];
        return otherRank !== undefined && (otherRank < rank || (otherRank === rank && other < index));
      });
      needs[`s${index}`] = [...new Set(allowed)].map((other) => `s${other}`);
    });
    return needs;
  });
}
