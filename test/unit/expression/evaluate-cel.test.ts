import { expect, test } from "vitest";
import { createEvaluator } from "../../../src/expression/evaluate.ts";
import { templateOf, valueOf } from "./fixture.ts";

const context = {
  inputs: { n: 7, half: 2.5, name: "Ada", list: [3, 1, 2], nothing: null, deep: { items: [{ id: 1 }, { id: 2 }] } },
  steps: { a: { output: null }, b: { output: { title: "T" } } },
};
const value = (source: string) => valueOf(source, context);

test("numbers: ints stay ints, and mix with doubles under every operator", () => {
  expect(value("inputs.n / 2")).toBe(3);
  expect(value("inputs.n / 2.0 + inputs.half * 2 - 1")).toBe(7.5);
  expect(value("double(inputs.n) / 2")).toBe(3.5);
  expect(value("[double(7)].map(x, x / 2)")).toEqual([3.5]);
  expect(
    value("inputs.n % 4 == 3.0 && inputs.half < 3 && 3 > inputs.half && inputs.half <= 2.5 && -inputs.n == -7"),
  ).toBe(true);
  expect(value("1 in [1.0] && inputs.n == 7.0 && 2u + 1 == 3")).toBe(true);
  expect(value("sum(inputs.list) + sum([]) + sum([0.5, 1])")).toBe(7.5);
});

test("numbers that JSON cannot hold are errors", () => {
  expect(value("9223372036854775807 + 1")).toBe("overflow: the result does not fit into a 64-bit integer");
  expect(value("9007199254740993")).toBe(
    "overflow: 9007199254740993 is too large for a JSON number; string(...) keeps it as text",
  );
  expect(value("string(9007199254740993)")).toBe("9007199254740993");
  expect(value("1e308 * 10.0")).toBe("overflow: the result is not a finite number");
  expect(value("1 / 0")).toBe("value: division by zero");
  expect(value("1.0 / 0")).toBe("value: division by zero");
  expect(value('double("NaN")')).toBe('value: "NaN" is not a number');
});

test("macros, literals, and the strings extension", () => {
  expect(value("inputs.deep.items.map(x, x.id > 1, {'id': x.id, 'last': true})")).toEqual([{ id: 2, last: true }]);
  expect(value("inputs.list.filter(x, x > 1).exists_one(x, x == 3) && inputs.list.all(x, x > 0)")).toBe(true);
  expect(value("inputs.deep.map(key, key)")).toEqual(["items"]);
  expect(value("' aB,c '.trim().split(',').map(s, s.upperAscii()).join('-')")).toBe("AB-C");
  expect(value("'hello'.replace('l', 'L', 1) + 'abc'.charAt(1) + 'abc'.substring(1) + 'abc'.reverse()")).toBe(
    "heLlobbccba",
  );
  expect(value("'a.b.c'.indexOf('.') + 'a.b.c'.lastIndexOf('.') + 'abc'.indexOf('x')")).toBe(3);
  expect(value("'h😀y'.size() + 'h😀y'.indexOf('y')")).toBe(5);
  expect(value("'h😀y'.substring(1, 2)")).toBe("😀");
  expect(value("'ÄB'.lowerAscii()")).toBe("Äb");
  expect(value("lines('a\\r\\nb\\n\\nc\\n')")).toEqual(["a", "b", "", "c"]);
  expect(value("from_json('{\"a\": [1]}').a[0] + 1")).toBe(2);
  expect(value("to_json({'a': [1, 2.5, null]})")).toBe('{"a":[1,2.5,null]}');
  expect(value("int('42') + int(2.9) + size([1, 2])")).toBe(46);
  expect(value("cel.bind(x, inputs.n * 2, x + x)")).toBe(28);
});

test("matches is a search of RE2, on its text or as a function", () => {
  expect(value("inputs.name.matches('^A[a-z]+$') && matches('xyz', 'y')")).toBe(true);
  expect(value("'a'.matches('(?=a)')")).toBe('value: matches: "(?=a)" is not a pattern that RE2 knows');
});

test("a field of null is an error that says what was null, and null inside coalesce", () => {
  expect(value("steps.a.output.title")).toBe("null_field: steps.a.output is null, so its field 'title' cannot be read");
  expect(value("steps.a.output.title.trim()")).toBe(
    "null_field: steps.a.output is null, so its field 'title' cannot be read",
  );
  expect(value("coalesce(steps.a.output.title, inputs.nope, steps.b.output.title)")).toBe("T");
  expect(value("coalesce(inputs.nothing, null)")).toBe(null);
  expect(value("coalesce(1 / 0, 2)")).toBe("value: division by zero");
});

test("what is missing is named, with what is there", () => {
  expect(value("inputs.nam")).toBe("missing: inputs has no field 'nam': it has n, half, name, list, nothing, deep");
  expect(value("inputs.list[3]")).toBe("value: inputs.list has 3 items, and no item 3");
  expect(value("nope")).toBe("missing: there is no 'nope' here");
});

test("has and optionals ask without an error", () => {
  expect(
    value(
      "[has(inputs.name), has(inputs.nope), has(inputs.nope.deeper), has(steps.a.output.title), has(inputs.nothing)]",
    ),
  ).toEqual([true, false, false, false, true]);
  expect(value("inputs.?nope.deeper.orValue('d')")).toBe("d");
  expect(value("inputs.list[?9].orValue(0) + inputs.list[?0].optMap(x, x * 2).value()")).toBe(6);
  expect(value("[inputs.?nope, optional.of(1), optional.none()]")).toEqual([null, 1, null]);
  expect(value("optional.ofNonZeroValue('').or(optional.of('x')).value()")).toBe("x");
  expect(value("inputs.?name == 'Ada'")).toBe("type: `==` does not take an optional; open it with .orValue(...)");
});

test("&& and || let the deciding side win over an error", () => {
  expect(value("inputs.nope == 1 || true")).toBe(true);
  expect(value("inputs.nope == 1 && false")).toBe(false);
  expect(value("inputs.nope == 1 && true")).toMatch(/^missing: /);
  expect(value("[0, 1].exists(x, 1 / x == 1)")).toBe(true);
  expect(value("'x' && true")).toBe("type: 'x' must be true or false, and is a string");
});

test("status functions answer what the gate says, and only there", () => {
  const gate = { success: false, failure: true, cancelled: false };
  expect(valueOf("failure() && !success() && always() && !cancelled()", {}, gate)).toBe(true);
  expect(value("success()")).toBe("missing: success() can be called in `if` only");
});

test("nothing of a prototype can be read, called or changed", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", "prototype"]) {
    expect(value(`inputs.${name}`)).toMatch(/^missing: inputs has no field/);
    expect(value(`inputs["${name}"]`)).toMatch(/^missing: /);
    expect(value(`inputs.name.${name}`)).toMatch(/^type: /);
    expect(value(`inputs.list.${name}`)).toMatch(/^type: /);
    expect(value(`inputs.name.${name}()`)).toMatch(/^missing: there is no function/);
    expect(value(name)).toMatch(/^(missing|syntax): /);
    expect(value(`${name}()`)).toMatch(/^(missing|syntax): /);
    expect(value(`"${name}" in inputs || has(inputs.${name})`)).toBe(false);
  }
  const made = value('from_json(\'{"__proto__": {"polluted": 1}}\')');
  expect(Object.keys(made as object)).toEqual(["__proto__"]);
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
});

test("results are plain JSON of their own", () => {
  const result = value("{'a': [1, {'b': inputs.deep}], 'c': inputs.list + [4]}");
  expect(result).toEqual({ a: [1, { b: context.inputs.deep }], c: [3, 1, 2, 4] });
  expect(value("type(1) == int && type(1) != type('x')")).toBe(true);
  expect(value("type(1)")).toMatch(/^type: /);
  expect(value("{1: 2}")).toBe("type: the key 1 must be a text, and is an int");
});

test("data templates are evaluated where they have expressions", () => {
  const template = templateOf({ title: "${{ steps.b.output.title }}", n: 1, tags: ["x", "${{ inputs.n }}"] }, "value");
  expect(createEvaluator().evaluate(template, context)).toEqual({
    ok: true,
    value: { title: "T", n: 1, tags: ["x", 7] },
  });
});

test("an evaluator answers the same as a fresh one, again and again", () => {
  const evaluator = createEvaluator();
  const template = templateOf("inputs.n * 2");
  expect(evaluator.evaluate(template, context)).toEqual({ ok: true, value: 14 });
  expect(evaluator.evaluate(template, { inputs: { n: 2 } })).toEqual({ ok: true, value: 4 });
});

test("a source that was never checked is an error, not a crash", () => {
  expect(value("inputs.")).toBe("syntax: the expression ends too early");
  for (const source of [
    "has()",
    "cel.bind(x)",
    "inputs.?a.orValue()",
    "optional.of()",
    "coalesce()",
    "inputs.list.map(1)",
    "sum()",
  ]) {
    expect(typeof value(source) === "string" || value(source) === null).toBe(true);
  }
});
