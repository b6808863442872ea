import { describe, expect, it } from "vitest";
import { holdsUp, surelyBefore } from "../../../src/plan/guard.ts";
import type { PlannedStep } from "../../../src/plan/types.ts";
import { planOfText } from "../../rig/engine/story.ts";

const stepsOf = (steps: string): readonly PlannedStep[] =>
  planOfText(`muster: 1\nname: w\ninputs: { list: { type: array, default: [] } }\nsteps:\n${steps}`).scopes[0]?.steps ??
  [];

describe("a step cannot start without", () => {
  const before = (rest: string): readonly number[] =>
    surelyBefore(
      stepsOf(
        `  ask: { approval: { prompt: Go? } }\n  other: { run: "true" }\n  go: { run: "true", ${rest} }\n`,
      )[2] as PlannedStep,
    );

  it.each([
    ["needs: ask"],
    ["needs: ask, if: run.name == 'x'"],
    ["needs: ask, if: success()"],
    ["needs: ask, if: success() && (always() || run.name == 'x')"],
    ["needs: ask, if: run.name == 'x' && (success() && run.name != 'y')"],
    ["needs: { at_least: 1, of: [ask] }"],
  ])("what it names: %s", (rest) => {
    expect(before(rest)).toEqual([0]);
  });

  it.each([
    ["always()"],
    ["failure()"],
    ["'!success()'"],
    ["success() || failure()"],
    ["success() || run.name == 'x'"],
    ["cancelled() || true"],
    ["'run.name == \"x\" ? success() : true'"],
    ["'!(success() && false)'"],
  ])("nothing that it names: if: %s", (condition) => {
    expect(before(`needs: ask, if: ${condition}`)).toEqual([]);
  });

  it("one of several, and those of `finally` without any, unless they say so", () => {
    expect(before("needs: { any: [ask, other] }")).toEqual([]);
    expect(before("needs: { at_least: 1, of: [ask, other] }")).toEqual([]);
    const last = (condition: string) =>
      stepsOf(
        `  a: { run: "true" }\nfinally:\n  ask: { approval: { prompt: Go? } }\n  go: { needs: ask, run: "true"${condition} }\n`,
      )[2] as PlannedStep;
    expect([last(""), last(", if: run.name == 'x'"), last(", if: success()")].map(surelyBefore)).toEqual([[], [], [1]]);
  });
});

it.each([
  ["", true],
  [", if: run.name == 'x'", true],
  [", on_error: continue", false],
  [", on_error: { output: no }", false],
  [", for_each: [a, b]", true],
  [", for_each: [a, b], join: settled", false],
  [", for_each: [a, b], join: { at_least: 2 }", true],
  [', for_each: "${{ inputs.list }}"', false],
  [', for_each: "${{ inputs.list }}", join: any', true],
])("an approval%s lets nobody past without a yes: %s", (rest, expected) => {
  const [ask] = stepsOf(`  ask: { approval: { prompt: Go? }${rest} }\n`);
  expect(holdsUp(ask as PlannedStep)).toBe(expected);
});
