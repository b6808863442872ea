import { expect, test } from "vitest";
import { checkTemplate, typeOf } from "../../../src/expression/check.ts";
import { problemsOf, scope, templateOf } from "./fixture.ts";

test("what is right has no problem", () => {
  const sources = [
    'steps.triage.output.kind == "bug" && inputs.count > 1',
    "success() || failure()",
    'steps.triage.output == null || steps.triage.output.kind in ["bug", "feature"]',
    'steps.draft.output != "" && inputs.topic.contains("done")',
    "inputs.tags.exists(tag, tag.name.startsWith('a'))",
    "has(inputs.anything.deep) && inputs.anything.deep.field > 1",
    "inputs.anything.?x.orValue(1) == 1",
    'inputs.topic.matches("^[a-z]+$")',
    "inputs.sites.map(s, size(s)).all(n, n > 3)",
    "coalesce(steps.triage.output.score, 0.0) > 0.5",
    'from_json(inputs.topic).whatever[0].x == "y"',
    "type(inputs.anything) == string",
  ];
  expect(sources.flatMap((source) => problemsOf(source))).toEqual([]);
});

test("unknown names are marked where they stand, at every depth a schema declares", () => {
  expect(problemsOf('input.topic == "x"')).toEqual(["WF4004 [input] unknown name 'input' | did you mean 'inputs'?"]);
  expect(problemsOf('inputs.topc == "x"')).toEqual([
    "WF4004 [topc] inputs has no field 'topc' | did you mean 'topic'?",
  ]);
  expect(problemsOf('inputs["topik"] == "x"')).toEqual([
    `WF4004 ["topik"] inputs has no field 'topik' | did you mean 'topic'?`,
  ]);
  expect(problemsOf("inputs.tags.all(t, t.nam != inputs.topic)")).toEqual([
    "WF4004 [nam] t has no field 'nam' | did you mean 'name'?",
  ]);
  expect(problemsOf("coalesce(steps.triage.output.typ, 1) == 1")).toEqual([
    "WF4004 [typ] steps.triage.output has no field 'typ' | it has kind, score",
  ]);
  expect(problemsOf("inputs.sites.name == 'x'")).toEqual([
    "WF4004 [name] inputs.sites is a list, which has no field 'name' | one item: inputs.sites[0].name; all: inputs.sites.map(x, x.name)",
  ]);
});

test("a name that exists elsewhere says why it is not here", () => {
  expect(problemsOf("secrets.KEY == 'x'")).toEqual([
    "WF4005 [secrets] 'secrets' cannot be read here | secrets go into `env`, headers and connections",
  ]);
  expect(problemsOf("always()", "condition", { ...scope, statusFunctions: false })).toEqual([
    "WF4005 [always()] always() can be called in `if` only",
  ]);
});

test("free text of a model is not compared in a condition, and may be elsewhere", () => {
  const help = "declare `output: { enum: [...] }` on that step, or a schema with a field to compare";
  expect(problemsOf("steps.draft.output == 'yes'")).toEqual([
    `WF4008 [steps.draft.output == 'yes'] steps.draft.output is free text of a model, which no comparison can rely on | ${help}`,
  ]);
  expect(problemsOf("steps.draft.output.trim().lowerAscii() in ['yes']")).toHaveLength(1);
  expect(problemsOf("coalesce(steps.draft.output, 'no') == 'yes'")).toHaveLength(1);
  expect(problemsOf("steps.draft.output == 'yes'", "value")).toEqual([]);
});

test("comparisons that always come out the same are found", () => {
  expect(problemsOf('steps.triage.output.kind == "bgu"')).toEqual([
    'WF4012 [steps.triage.output.kind == "bgu"] steps.triage.output.kind is never "bgu", so this is always false | did you mean "bug"?',
  ]);
  expect(problemsOf('steps.triage.output.kind in ["bug", "wish"]')).toEqual([
    'WF4012 [steps.triage.output.kind in ["bug", "wish"]] steps.triage.output.kind is never "wish", so this is always false for that value | it is one of "bug", "feature"',
  ]);
  expect(problemsOf('inputs.count == "3"')).toEqual([
    'WF4012 [inputs.count == "3"] inputs.count is a number and "3" is a text: `==` is always false | write it as a number: 3',
  ]);
});

test("types that do not go together are found", () => {
  expect(problemsOf("inputs.topic + 1", "value")).toEqual([
    'WF4007 [inputs.topic + 1] `+` does not go between inputs.topic (a text) and 1 (a number) | write it as a text: "1"',
  ]);
  expect(problemsOf("inputs.count")).toEqual([
    "WF4007 [inputs.count] a condition must be true or false, and this is a number | compare it with something",
  ]);
  expect(problemsOf("!inputs.sites")).toEqual([
    "WF4007 [inputs.sites] inputs.sites is a list, and must be true or false | write size(inputs.sites) > 0",
  ]);
  expect(problemsOf("size(inputs.count) > 1")).toEqual([
    "WF4007 [inputs.count] size takes string or list or map here, and gets a number",
  ]);
  expect(problemsOf("inputs.topic.substring() == ''")).toEqual([
    "WF4007 [inputs.topic.substring()] substring takes 1 to 2 arguments, and gets 0",
  ]);
  expect(problemsOf("inputs.anything.?x == 1")).toEqual([
    "WF4007 [inputs.anything.?x == 1] inputs.anything.?x is an optional | open it with inputs.anything.?x.orValue(...)",
  ]);
  expect(problemsOf("sum(inputs.sites) > 1")).toEqual(["WF4007 [inputs.sites] sum takes a list of numbers"]);
});

test("a division that depends on whether a number happens to be whole is refused", () => {
  expect(problemsOf("steps.triage.output.score / 2 > 1")).toEqual([
    "WF4007 [steps.triage.output.score / 2] steps.triage.output.score may be a whole number, and whole numbers divide without a rest (7 / 2 is 3) | write double(steps.triage.output.score), or int(...) if the rest is to be dropped",
  ]);
  expect(problemsOf("steps.triage.output.score / 2.0 > 1 && inputs.count / 2 > 1")).toEqual([]);
});

test.each([
  ["inputs.count > 1 && 'x' || 'y'", "write inputs.count > 1 ? 'x' : 'y'"],
  ["contains(inputs.topic, 'a')", "write inputs.topic.contains('a')"],
  ["startsWith(inputs.topic, 'a')", "write inputs.topic.startsWith('a')"],
  ["fromJSON(inputs.topic)", "write from_json(inputs.topic)"],
  ["toJSON(inputs)", "write to_json(inputs)"],
  ["steps.draft.outputs.text", "write steps.draft.output.text"],
  ["inputs.topic = 'a'", "write `==`"],
  ["inputs.topic === 'a'", "write `==`"],
  ["not true", "write `!`"],
  ["true and false", "write `&&`"],
  ["inputs.topic ?? 'a'", "write `coalesce(a, b)`"],
  ["inputs?.topic", "write `a.?b`"],
  ["inputs.sites.length", "write size(inputs.sites)"],
  ["inputs.topic.includes('a')", "write inputs.topic.contains('a')"],
  ["needs.draft.output", "the results of other steps are `steps.NAME.output`"],
  ["{topic: 1}", 'write {"topic": ...}'],
  ["now()", "expressions have no clock and no chance: a resumed run must get the same values"],
])("the habit of %s gets its own hint", (source, help) => {
  const problems = problemsOf(source, "value");
  expect(problems).toEqual([expect.stringMatching(/^WF4009 /)]);
  expect(problems[0]?.split(" | ").at(-1)).toBe(help);
});

test("unknown functions, and what comes later", () => {
  expect(problemsOf("siz(inputs.sites) > 1")).toEqual([
    "WF4006 [siz(inputs.sites)] there is no function 'siz' | did you mean 'size'?",
  ]);
  expect(problemsOf("inputs.topic.trimm() == ''")).toEqual([
    "WF4006 [inputs.topic.trimm()] there is no function 'trimm' | did you mean 'trim'?",
  ]);
  expect(problemsOf("timestamp('x') == null")[0]).toMatch(/^WF2007 /);
});

test("syntax errors name what stands there", () => {
  expect(problemsOf("inputs.topic ==")).toEqual(["WF4001 [] the expression ends too early"]);
  expect(problemsOf("inputs.topic == 'x")).toEqual(["WF4001 ['x] the text has no closing quote"]);
  expect(problemsOf("(inputs.count > 1")).toEqual(["WF4001 [] the expression ends too early"]);
  expect(problemsOf("a # b")).toEqual(["WF4001 [#] unexpected '#'"]);
  expect(problemsOf("inputs.sites.map(1, x)")).toEqual([
    "WF4001 [1] the first argument must be a plain name, as in `list.map(x, x.title)`",
  ]);
  expect(problemsOf("")).toEqual(["WF4001 [] the expression is empty"]);
});

test("one mistake gives one problem, two give two", () => {
  expect(problemsOf("inputs.nope.deeper.still + 1 > 'x'")).toHaveLength(1);
  expect(problemsOf("inputs.nope == 1 && steps.nope == 2")).toHaveLength(2);
});

test("problems inside of data have a pointer", () => {
  const template = templateOf({ a: ["x", "${{ inputs.nope }}"] }, "value");
  expect(checkTemplate(template, scope, "value").map(({ pointer }) => pointer)).toEqual([["a", 1]]);
});

test("the shape of a value is told as far as it can be", () => {
  const shape = (source: string) => typeOf(templateOf(source), scope);
  expect(shape("inputs.sites.filter(s, s != '')")).toEqual({ type: "array", items: { type: "string" } });
  expect(shape("inputs.count > 1 ? 'a' : 'b'")).toEqual({ anyOf: [{ const: "a" }, { const: "b" }] });
  expect(shape("{'n': size(inputs.sites)}")).toEqual({
    type: "object",
    properties: { n: { type: "integer" } },
    required: ["n"],
    additionalProperties: false,
    "x-written": true,
  });
  expect(shape("inputs.anything.x")).toBe(true);
  expect(typeOf(templateOf("a {{ b }}", "text"), scope)).toEqual({ type: "string" });
});

test("too large expressions are refused in a moment", () => {
  const sources = [
    "!".repeat(16_000) + "true",
    "(".repeat(5000),
    "a" + "+a".repeat(2000),
    `[${"1,".repeat(3000)}1]`,
    "a".repeat(20_000),
  ];
  for (const source of sources) {
    const start = performance.now();
    expect(problemsOf(source)[0]).toMatch(/^WF4010 /);
    expect(performance.now() - start).toBeLessThan(200);
  }
});
