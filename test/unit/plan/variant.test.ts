import { describe, expect, it } from "vitest";
import type { Plan } from "../../../src/plan/types.ts";
import { chooseVariant, pickVariant } from "../../../src/plan/variant.ts";
import { planOf, stepOf } from "./fixture.ts";

const uses = (id: string, scope: number) => stepOf({ id, body: { kind: "uses", scope, with: {} }, timeoutMs: null });
const value = stepOf({ id: "inner", body: { kind: "value", value: { kind: "literal", value: 1 } } });
const last = stepOf({ id: "last", body: { kind: "value", value: { kind: "literal", value: 2 } }, isFinally: true });

const plan: Plan = planOf([], {
  variants: [
    { name: "a", weight: 1 },
    { name: "b", weight: 3 },
    { name: "never", weight: 0 },
  ],
  scopes: [
    { steps: [uses("a", 1), uses("b", 2), uses("never", 1), last], outputs: {}, workflow: null },
    { steps: [value], outputs: { text: { kind: "literal", value: "A" } }, workflow: null },
    {
      steps: [value],
      outputs: { text: { kind: "literal", value: "B" }, more: { kind: "literal", value: 1 } },
      workflow: null,
    },
  ],
});

describe("the variant of a run", () => {
  it("is the same for equal keys, and as often taken as it weighs", () => {
    const taken = Array.from({ length: 4000 }, (_, n) => pickVariant(plan, null, `key ${n}`));
    const again = Array.from({ length: 4000 }, (_, n) => pickVariant(plan, null, `key ${n}`));
    expect(again).toEqual(taken);
    const count = (name: string): number => taken.filter((one) => one.ok && one.value === name).length;
    expect([count("a") + count("b"), count("never")]).toEqual([4000, 0]);
    // Four standard deviations around 1000.
    expect(Math.abs(count("a") - 1000)).toBeLessThan(110);
  });

  it("is the one that is named, whatever it weighs", () => {
    expect(pickVariant(plan, "never", "")).toEqual({ ok: true, value: "never" });
    expect(pickVariant(plan, "nevr", "")).toEqual({
      ok: false,
      error: "the workflow has no variant 'nevr'; did you mean 'never'?",
    });
    expect(pickVariant(plan, "x", "")).toMatchObject({ error: "the workflow has no variant 'x'; it has a, b, never" });
    expect(pickVariant(planOf([value]), null, "")).toEqual({ ok: true, value: null });
    expect(pickVariant(planOf([value]), "a", "")).toMatchObject({ ok: false });
  });

  it("is all that is left of the others, with its outputs and what is done in any case", () => {
    const chosen = chooseVariant(plan, "b");
    if (!chosen.ok) throw new Error(chosen.error);
    const { scopes, variant, variants, digest } = chosen.value;
    expect(scopes[0]?.steps.map(({ id }) => id)).toEqual(["b", "last"]);
    expect(scopes[0]?.outputs).toEqual({
      text: { kind: "cel", source: "steps.b.output.text" },
      more: { kind: "cel", source: "steps.b.output.more" },
    });
    expect([variant, variants?.length, scopes[1]?.steps, digest === plan.digest]).toEqual(["b", 3, [], false]);
    expect(chooseVariant(plan, null)).toEqual({ ok: true, value: plan });
  });
});
