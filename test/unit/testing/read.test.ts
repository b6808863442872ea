import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Json, JsonSchema } from "../../../src/util/json.ts";
import { createSchemaCheck } from "../../../src/util/schema-check.ts";
import { parse } from "yaml";
import { problemsOf, testsOf } from "./fixture.ts";

const schema = JSON.parse(readFileSync("schemas/test.v1.json", "utf8")) as JsonSchema;
const head = "muster_test: 1\ntests:\n";
const one = (line: string): string => `${head}  t:\n    ${line}\n    expect: { status: succeeded }\n`;
const expecting = (line: string): string => `${head}  t:\n    expect:\n      ${line}\n`;

describe("a test file", () => {
  it("names what is wrong with it, a problem each, at its place", () => {
    const wrong: readonly (readonly [string, string])[] = [
      [
        "muster_test: 2\ntests: { t: { expect: { status: failed } } }",
        "1:14 WF2004 the file has format 2, and this version of muster reads format 1",
      ],
      ["muster_test: 1\ntests: {}", "1:1 WF2002 the file has no tests"],
      ["muster_test: 1\ntest: {}", "2:1 WF2001 unknown key 'test' in a test file"],
      [`${head}  t: {}`, "3:3 WF2002 't' expects nothing"],
      [one("inputs: { topic: [a] }"), "4:15 WF3001 the workflow has no input 'topic'"],
      [one("stubs: { drafts: { output: x } }"), "4:14 WF3002 the workflow has no step 'drafts'"],
      [
        one("stubs: { 'look[1]': { output: x } }"),
        "4:14 WF2005 'look' has no items: it has neither for_each nor matrix",
      ],
      [one("stubs: { Draft: { output: x } }"), "4:14 WF2005 'Draft' is no name of a step"],
      [
        one("stubs: { each: { output: x } }"),
        "4:20 WF2005 'each' is a group or a sub-workflow and answers nothing itself",
      ],
      [one("stubs: { look: {} }"), "4:20 WF2002 the stub of 'look' says nothing"],
      [one("stubs: { look: [] }"), "4:20 WF2005 the list of stubs of 'look' is empty"],
      [one("stubs: { look: { output: x, fail: exit } }"), "4:20 WF2005 a stub has one of output and fail"],
      [
        one("stubs: { look: { fail: bad } }"),
        "4:28 WF2004 fail must be one of rate_limit, overloaded, server, network, timeout, output, tool, exit, refused, auth, invalid, budget, cancelled, internal",
      ],
      [
        one("stubs: { look: { refuse: true } }"),
        "4:22 WF2005 'refuse' is for agent steps, and this is a step of kind run",
      ],
      [
        one("stubs: { look: { approve: true } }"),
        "4:22 WF2005 'approve' is for approval steps, and this is a step of kind run",
      ],
      [
        one("stubs: { draft: { exit_code: 1, output: x } }"),
        "4:23 WF2005 'exit_code' is for run steps, and this is a step of kind agent",
      ],
      [one("stubs: { look: { exit_code: 1, fail: exit } }"), "4:22 WF2005 'exit_code' goes with 'output'"],
      [one("stubs: { publish: { output: x } }"), "4:25 WF2005 an approval is answered with 'approve' or 'reject'"],
      [one("stubs: { publish: { unanswered: yes } }"), "4:37 WF2004 unanswered must be true"],
      [one("stubs: { look: { delay: 5 seconds } }"), "4:29 WF2005 '5 seconds' is no duration"],
      [one("cases: { a: { stub: {} } }"), "4:19 WF2001 unknown key 'stub' in the case 'a'"],
      [expecting("status: done"), "5:15 WF2004 status must be one of succeeded, failed, waiting, cancelled"],
      [expecting("outputs: { draft: 1 }"), "5:18 WF3001 the workflow has no output 'draft'"],
      [
        expecting("schema: { type: nothing }"),
        "5:15 WF2012 this is no JSON Schema: schema is invalid: data/type must be equal to one of the allowed values, data/type must be array, data/type must match a schema in anyOf",
      ],
      [expecting("ran: [drafts]"), "5:13 WF3002 the workflow has no step 'drafts'"],
      [expecting("failed: ['draft[1]']"), "5:16 WF2005 name the step without its item"],
      [expecting("attempts: { draft: two }"), "5:26 WF2003 attempts of 'draft' must be a number"],
      [expecting("calls: {}"), "5:14 WF2002 calls has neither min nor max"],
      [expecting("cost_usd: low"), "5:17 WF2003 cost_usd must be a map"],
      [expecting("error: { kind: exit }"), "5:16 WF2001 unknown key 'kind' in error"],
      [expecting("assert: steps.drafts.attempts == 1"), "5:15 WF4004 steps has no field 'drafts'"],
      [expecting("snapshot: yes"), "5:17 WF2003 snapshot must be true or false"],
    ];
    expect(wrong.map(([text]) => [text, problemsOf(text)])).toEqual(wrong.map(([text, problem]) => [text, [problem]]));
  });

  it("is what its schema says", () => {
    const check = createSchemaCheck();
    const good = `${head}  t:
    stubs: { look: [{ output: x, exit_code: 0, delay: 5s }], "draft[1]": { fail: { class: server, code: a } }, "each[0]/inner": { output: y }, publish: { approve: { by: ann } } }
    expect: { status: succeeded, ran: [draft], attempts: { draft: 2 }, calls: { max: 3 }, assert: ["true"], snapshot: true }
    cases: [{ name: a, inputs: { topics: [] } }]
`;
    expect(problemsOf(good)).toEqual([]);
    expect(check(schema, parse(good) as Json)).toEqual([]);
    for (const bad of [one("stubs: { look: {} }"), expecting("status: done"), "muster_test: 1"])
      expect(check(schema, parse(bad) as Json)).not.toEqual([]);
  });

  it("has what is written nearer count: a case over its test, a test over its file", () => {
    const tests = testsOf(`muster_test: 1
inputs: { topics: [a] }
stubs: { look: { output: file } }
tests:
  t:
    stubs: { look: { output: test } }
    expect: { status: succeeded, ran: [draft], outputs: { by: ann } }
    cases:
      one: {}
      two: { inputs: { topics: [b] }, stubs: { look: { output: case } }, expect: { status: failed } }
`);
    expect(tests.map(({ name }) => name)).toEqual(["t / one", "t / two"]);
    const [first, second] = tests;
    expect(first?.inputs).toEqual({ topics: ["a"] });
    expect(second?.inputs).toEqual({ topics: ["b"] });
    expect(second?.stubs.map(({ answers }) => answers[0].outcome)).toMatchObject([
      { output: "case" },
      { output: "test" },
      { output: "file" },
    ]);
    expect(second?.expect.map(({ kind }) => kind)).toEqual(["output", "step", "status"]);
    expect(second?.line).toBe(10);
  });
});
