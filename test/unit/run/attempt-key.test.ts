import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attemptKey, callKey, gateKey, itemNames, pathOfKey, unitKey } from "../../../src/run/attempt-key.ts";

describe("lasting names", () => {
  it("of a step, an item, an attempt, a call and a gate", () => {
    const at = { path: "draft", item: null, iteration: 1, stage: 0, attempt: 2 };
    expect(unitKey("draft", null)).toBe("draft");
    expect(attemptKey(at)).toBe("draft/1.0.2");
    expect(attemptKey({ ...at, item: "ab12.0" })).toBe("draft#ab12.0/1.0.2");
    expect(callKey(attemptKey(at), 1)).toBe("draft/1.0.2/call/1");
    expect(gateKey("draft")).toBe("draft/gate");
  });

  it("of every kind give the path of their step back, also in a group", () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/), { minLength: 1, maxLength: 3 }),
        fc.option(
          fc.string().map((text) => itemNames([text])[0] as string),
          { nil: null },
        ),
        fc.nat(9),
        fc.nat(9),
        fc.nat(99),
        (ids, item, iteration, stage, attempt) => {
          const path = ids.join("/");
          const key = attemptKey({ path, item, iteration, stage, attempt });
          for (const name of [key, callKey(key, 3), gateKey(path)]) expect(pathOfKey(name)).toBe(path);
        },
      ),
      { seed: 1 },
    );
  });

  it("of items are their content and how often it came before, wherever they stand", () => {
    const [a, b, again] = itemNames([{ x: 1, y: 2 }, "b", { y: 2, x: 1 }]);
    expect([a, b, again]).toEqual([
      expect.stringMatching(/^[0-9a-f]{16}\.0$/),
      expect.stringMatching(/^[0-9a-f]{16}\.0$/),
      a?.replace(".0", ".1"),
    ]);
    expect(itemNames(["new", "b", { x: 1, y: 2 }]).slice(1)).toEqual([b, a]);
    expect(itemNames(["1"])).not.toEqual(itemNames([1]));
    expect(itemNames([])).toEqual([]);
  });
});
