import { describe, expect, it } from "vitest";
import { repairPrompt, typedReply } from "../../../src/agent/typed-reply.ts";
import { createSchemaCheck } from "../../../src/util/schema-check.ts";

const schema = {
  type: "object",
  properties: { ok: { type: "boolean" } },
  required: ["ok"],
  additionalProperties: false,
};
const read = (text: string) => typedReply(text, schema, createSchemaCheck());

describe("a typed reply", () => {
  it.each([
    ["bare", '{"ok":true}'],
    ["with space around it", '\n  {"ok": true}\n'],
    ["in a fence", '```\n{"ok": true}\n```'],
    ["in a fence with a language, and space around", ' ```json\n{\n "ok": true }\n```  \n'],
  ])("%s is its value", (_, text) => {
    expect(read(text)).toEqual({ ok: true, value: { ok: true } });
  });

  it.each([
    ["prose around it", 'Sure: {"ok": true}', /^the reply is not JSON: /],
    ["nothing", "", /^the reply is not JSON: /],
    ["an open fence", '```json\n{"ok": true}', /^the reply is not JSON: /],
    ["a fence on one line", '```{"ok": true}```', /^the reply is not JSON: /],
  ])("with %s is none", (_, text, problem) => {
    const reply = read(text);
    expect(reply.ok).toBe(false);
    expect(!reply.ok && reply.error).toEqual([expect.stringMatching(problem)]);
  });

  it("that does not fit tells all that is wrong", () => {
    expect(read('{"ok":"yes","more":1}')).toEqual({
      ok: false,
      error: ["the value must NOT have additional properties ('more')", "/ok must be boolean"],
    });
  });
});

it("the repair prompt lists the problems", () => {
  expect(repairPrompt(["/ok must be boolean", "the value must have b"])).toBe(
    "Your reply does not fit the required JSON Schema:\n- /ok must be boolean\n- the value must have b\n\nAnswer again with only the corrected JSON value.",
  );
});
