import fc from "fast-check";
import { expect, test } from "vitest";
import { NumberMap } from "../../../src/util/number-map.ts";

test("it holds what a Map holds, whatever comes and goes", () => {
  const key = fc.oneof(
    fc.nat(12),
    fc.nat(2000),
    fc.nat(40).map((n) => n * 1024),
  );
  const action = fc.record({ does: fc.constantFrom("set", "set", "delete", "get"), key });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
      const [map, model] = [new NumberMap<number>(), new Map<number, number>()];
      for (const [value, { does, key: at }] of actions.entries()) {
        if (does === "set") {
          map.set(at, value);
          model.set(at, value);
        } else if (does === "delete") expect(map.delete(at)).toBe(model.delete(at));
        expect(map.get(at)).toBe(model.get(at));
        expect(map.size).toBe(model.size);
      }
      const inOrder = (values: Iterable<number>): number[] => [...values].toSorted((a, b) => a - b);
      expect(inOrder(map.values())).toEqual(inOrder(model.values()));
      for (const [at, value] of model) expect(map.get(at)).toBe(value);
    }),
  );
});

test("a map that was cleared is empty, and can be used again", () => {
  const map = new NumberMap<string>();
  for (let key = 0; key < 100; key += 1) map.set(key, "x");
  map.clear();
  expect([map.size, map.get(5), [...map.values()]]).toEqual([0, undefined, []]);
  map.set(5, "y");
  expect([map.size, map.get(5)]).toEqual([1, "y"]);
});
