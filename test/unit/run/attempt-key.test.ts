import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  attemptKey,
  callKey,
  gateKey,
  isAttemptKey,
  itemNames,
  pathOfKey,
  unitKey,
} from "../../../src/run/attempt-key.ts";

describe("lasting names", () => {
  it("of a step, an item, an attempt, a call and a gate, at the top and inside an attempt", () => {
    const at = { iteration: 1, stage: 0, attempt: 2 };
    expect(unitKey("", "draft", null)).toBe("draft");
    expect(attemptKey("draft", at)).toBe("draft/1.0.2");
    expect(attemptKey(unitKey("", "draft", "ab12.0"), at)).toBe("draft#ab12.0/1.0.2");
    expect(unitKey("group/1.0.1/", "inner", null)).toBe("group/1.0.1/inner");
    expect(callKey("draft/1.0.2", 1)).toBe("draft/1.0.2/~call/1");
    expect(gateKey("draft")).toBe("draft/~gate");
    expect(["draft/1.0.2", "draft#ab12.0/1.0.2", "g/1.0.1/draft/2.1.3"].every(isAttemptKey)).toBe(true);
    expect(["draft", "draft/1.0.2/~call/1", "draft/~gate"].some(isAttemptKey)).toBe(false);
  });

  it("of every kind give the path of their step back, however deep", () => {
    const item = fc.option(
      fc.string().map((text) => itemNames([text])[0] as string),
      { nil: null },
    );
    const level = fc.tuple(fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/), item, fc.nat(9), fc.nat(9), fc.nat(99));
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: 3 }), (levels) => {
        let prefix = "";
        let unit = "";
        let key = "";
        for (const [id, name, iteration, stage, attempt] of levels) {
          unit = unitKey(prefix, id, name);
          key = attemptKey(unit, { iteration, stage, attempt });
          prefix = `${key}/`;
        }
        const path = levels.map(([id]) => id).join("/");
        for (const name of [unit, key, callKey(key, 3), gateKey(unit)]) expect(pathOfKey(name)).toBe(path);
      }),
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
