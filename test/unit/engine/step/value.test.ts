import { describe, expect, it } from "vitest";
import { createValueStep } from "../../../../src/engine/step/value.ts";
import { createSchemaCheck } from "../../../../src/util/schema-check.ts";
import { refusal, valueOf } from "./fixture.ts";

const handler = createValueStep(createSchemaCheck());
const head = "inputs: { n: { type: integer } }";

describe("a value step", () => {
  it("is known at once, with its types", () => {
    const step = 'value: { twice: "${{ inputs.n * 2 }}", list: [1, "${{ inputs.n }}"], text: as written, none: null }';
    expect(valueOf(handler, { head, step, values: { inputs: { n: 4 } } })).toEqual({
      twice: 8,
      list: [1, 4],
      text: "as written",
      none: null,
    });
  });

  it("fails as `invalid` when it cannot be evaluated", () => {
    expect(
      refusal(handler, { head, step: 'value: "${{ 1 / inputs.n }}"', values: { inputs: { n: 0 } } }),
    ).toMatchObject({
      class: "invalid",
      code: "value",
      message: "'value' of 'x': division by zero",
    });
  });

  it("fails as `output` when it does not fit its schema", () => {
    const step = 'value: "${{ inputs.n }}"\noutput: { type: integer, minimum: 5 }';
    expect(valueOf(handler, { head, step, values: { inputs: { n: 5 } } })).toBe(5);
    expect(refusal(handler, { head, step, values: { inputs: { n: 4 } } })).toMatchObject({
      class: "output",
      code: "schema_mismatch",
      message: "the value of 'x' does not fit its output schema: the value must be >= 5",
    });
  });
});
