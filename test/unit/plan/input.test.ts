import { describe, expect, it } from "vitest";
import { parseInput, resolveInputs } from "../../../src/plan/input.ts";
import type { JsonObject } from "../../../src/util/json.ts";
import { createSchemaCheck } from "../../../src/util/schema-check.ts";
import { planOfText } from "../../rig/engine/story.ts";

const plan = planOfText(`muster: 1
name: w
inputs:
  site: { type: string, minLength: 2 }
  count: { type: integer, default: 3 }
  note: { type: [string, "null"], default: none }
  tags: { type: array, items: { type: string }, default: [] }
steps: { a: { value: "\${{ [inputs.site, inputs.note] }}" } }
`);

describe("inputs", () => {
  const resolve = (given: JsonObject) => resolveInputs(plan, given, createSchemaCheck());

  it("are what was given over the defaults; null is given too", () => {
    expect(resolve({ site: "a.com" })).toEqual({
      ok: true,
      value: { site: "a.com", count: 3, note: "none", tags: [] },
    });
    expect(resolve({ site: "a.com", count: 0, note: null, tags: ["x"] })).toEqual({
      ok: true,
      value: { site: "a.com", count: 0, note: null, tags: ["x"] },
    });
  });

  it("tell all that is wrong with them at once", () => {
    expect(resolve({ sites: ["a"], count: "3", tags: ["x", 1], constructor: 1 })).toEqual({
      ok: false,
      error: [
        "the workflow has no input 'sites'; did you mean 'site'?",
        "the workflow has no input 'constructor'",
        "input 'site' is required: give it with --input site=VALUE",
        "input 'count': the value must be integer",
        "input 'tags': /1 must be string",
      ],
    });
    expect(resolve({ site: "a" })).toEqual({
      ok: false,
      error: ["input 'site': the value must NOT have fewer than 2 characters"],
    });
  });
});

describe("an input of the command line", () => {
  it.each([
    ["site", "42", "42"],
    ["site", '"quoted"', '"quoted"'],
    ["count", "42", 42],
    ["note", "null", null],
    ["note", "just text", "just text"],
    ["tags", '["a", "b"]', ["a", "b"]],
    ["tags", "[a", "[a"],
    ["unknown", "1", 1],
    ["toString", "x", "x"],
  ])("%s=%s is %j", (name, text, value) => {
    expect(parseInput(plan, name, text)).toEqual(value);
  });
});
