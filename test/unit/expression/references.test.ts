import { expect, test } from "vitest";
import { impliesSuccess, referencesOf, statusFunctionsOf } from "../../../src/expression/references.ts";
import { templateOf } from "./fixture.ts";
import type { Json } from "../../../src/util/json.ts";

const read = (value: Json, mode: "bare" | "text" | "value" = "bare") => {
  const template = templateOf(value, mode);
  return referencesOf(template).map(({ path, offset, length }) => {
    const source = "source" in template ? template.source.slice(offset, offset + length) : "";
    return `${path.join(".")} [${source}]`;
  });
};

test("CEL: the longest static path, where it stands", () => {
  expect(read('steps.draft.output.title == inputs["a b"].c')).toEqual([
    "steps.draft.output.title [steps.draft.output.title]",
    'inputs.a b.c [inputs["a b"].c]',
  ]);
  expect(read("steps.a.output[inputs.i].title + steps[inputs.name].output")).toEqual([
    "steps.a.output [steps.a.output]",
    "inputs.i [inputs.i]",
    "steps [steps]",
    "inputs.name [inputs.name]",
  ]);
  expect(read("coalesce(steps.a.?output.?x, has(steps.b.output.y))").map((line) => line.split(" ")[0])).toEqual([
    "steps.a.output.x",
    "steps.b.output.y",
  ]);
});

test("CEL: names that macros bind, types and namespaces are no references", () => {
  expect(read("inputs.list.map(x, x.title + inputs.suffix)").map((line) => line.split(" ")[0])).toEqual([
    "inputs.list",
    "inputs.suffix",
  ]);
  expect(read("cel.bind(inputs, env.x, inputs.y)")).toEqual(["env.x [env.x]"]);
  expect(read("optional.of(item).optMap(v, v + index)")).toEqual(["item [item]", "index [index]"]);
  expect(read("type(item) == string")).toEqual(["item [item]"]);
});

test("text: paths, helper arguments, options, and blocks by what they go over", () => {
  const source = `{{ inputs.a }} {{ join steps.b.output ", " }} {{ json item indent=inputs.n }}
    {{#each steps.x.output}}{{title}} {{this.inputs}} {{inputs.c}} {{../run.id}} {{@index}} {{@root.env.K}}{{/each}}
    {{#with steps.y.output as |y|}}{{y.z}}{{/with}} {{#if (eq matrix.m previous)}}{{/if}}`;
  expect(read(source, "text").map((line) => line.split(" ")[0])).toEqual([
    "inputs.a",
    "steps.b.output",
    "item",
    "inputs.n",
    "steps.x.output",
    "inputs.c",
    "run.id",
    "env.K",
    "steps.y.output",
    "matrix.m",
    "previous",
  ]);
  expect(read("{{ inputs.a }}\r\n  {{~ steps.b.output.c ~}}", "text")).toEqual([
    "inputs.a [inputs.a]",
    "steps.b.output.c [steps.b.output.c]",
  ]);
});

test("data: all that is inside", () => {
  expect(
    read({ a: ["${{ inputs.x }}"], b: { c: "${{ steps.y.output }}" } }, "value").map((line) => line.split(" ")[0]),
  ).toEqual(["inputs.x", "steps.y.output"]);
});

test("what cannot be parsed has no references", () => {
  expect(read("inputs.a ==")).toEqual([]);
  expect(read("{{#if inputs.a}}", "text")).toEqual([]);
});

test("status functions are found wherever they are called", () => {
  expect(statusFunctionsOf("inputs.x && (failure() || !always()) ? failure() : [1].all(x, cancelled())")).toEqual([
    "failure",
    "always",
    "cancelled",
  ]);
  expect(statusFunctionsOf("'success()' == inputs.success")).toEqual([]);
  expect(statusFunctionsOf("success( ==")).toEqual([]);
});

test("an `if` that can hold only where success() does has it as a part that must hold", () => {
  const yes = ["success()", "inputs.a && success()", "(inputs.a || always()) && (inputs.b && success())"];
  const no = [
    "success() || inputs.a",
    "!success()",
    "inputs.a",
    "inputs.a ? success() : true",
    "success() &&",
    "always()",
  ];
  expect([...yes, ...no].filter(impliesSuccess)).toEqual(yes);
});
