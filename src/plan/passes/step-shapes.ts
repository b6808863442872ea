import { typeOf } from "../../expression/check.ts";
import { intShape, itemShape, listShape, nullShape, stringShape, unionOf } from "../../expression/shape.ts";
import type { NormalManifest } from "../../manifest/normal.ts";
import type { JsonSchema } from "../../util/json.ts";
import type { ParsedManifest, ParsedStep } from "./parse-templates.ts";
import { closed, Scopes, shapeOf, type Shapes } from "./scopes.ts";

/** What a model wrote without a schema: not to be compared in `if`. */
const FREE_TEXT: JsonSchema = { type: "string", "x-free-text": true };

const STATUS: JsonSchema = {
  enum: ["pending", "ready", "running", "waiting", "succeeded", "failed", "skipped", "cancelled"],
  type: "string",
};

const ERROR = orNull(
  closed([
    ["class", stringShape],
    ["code", stringShape],
    ["message", stringShape],
  ]),
);

type Fields = readonly (readonly [string, JsonSchema])[];

const ALWAYS: Fields = [
  ["status", STATUS],
  ["error", ERROR],
];
const PROCESS: Fields = [
  ["exit_code", intShape],
  ["stderr", stringShape],
];

/** The most frequent step: an agent that answers in text. */
const TEXT_STEP = closed([["output", orNull(FREE_TEXT)], ...ALWAYS]);

/**
 * The shapes of all that steps give, as far as schemas and expressions tell. In two rounds: what a computed `value`
 * or `for_each` gives is told by what the declared schemas say of the names in it; a value made of such a value is
 * of unknown shape. Names are not checked here, so unknown ones are let pass.
 */
export function shapesOf(manifest: NormalManifest, parsed: ParsedManifest): Shapes {
  const declared = parsed.steps.map(declaredOutput);
  const rough = new Scopes(manifest, { steps: stepsShape(parsed.steps, declared), items: new Map() });
  const items = new Map<string, JsonSchema>();
  for (const { step, items: list } of parsed.steps) {
    if (list === null) continue;
    items.set(
      step.id,
      itemShape(list.kind === "literal" ? shapeOf(list.value) : typeOf(list, rough.at("gate", null, true))),
    );
  }
  const shapes = { steps: stepsShape(parsed.steps, declared), items };
  if (!declared.includes(true)) return shapes;
  const scopes = new Scopes(manifest, shapes);
  const outputs = parsed.steps.map(({ step, body }, index) => {
    const known = declared[index] ?? true;
    return known === true && body.kind === "value" ? typeOf(body.value, scopes.at("unit", step.id, true)) : known;
  });
  return { steps: stepsShape(parsed.steps, outputs), items };
}

/** The shape of one unit's output without looking at other steps; `true` = not known. */
function declaredOutput({ step, body }: ParsedStep): JsonSchema {
  if (step.output !== null) return step.output;
  switch (body.kind) {
    case "agent":
      return FREE_TEXT;
    case "run":
      return stringShape;
    case "value":
      return body.value.kind === "literal" ? shapeOf(body.value.value) : true;
  }
}

function stepsShape(steps: readonly ParsedStep[], outputs: readonly JsonSchema[]): JsonSchema {
  return closed(steps.map((parsed, index) => [parsed.step.id, stepShape(parsed, outputs[index] ?? true)]));
}

/** `steps.x` of one step. */
function stepShape({ step, body, items }: ParsedStep, unitOutput: JsonSchema): JsonSchema {
  if (unitOutput === FREE_TEXT && step.fan === null) return TEXT_STEP;
  const output = orNull(unitOutput);
  if (items === null || step.fan === null) {
    return closed([["output", output], ...ALWAYS, ...(body.kind === "run" ? PROCESS : [])]);
  }
  const result = closed([["item", true], ["index", intShape], ["attempts", intShape], ["output", output], ...ALWAYS]);
  return closed([
    ["output", step.fan.join.kind === "any" ? output : orNull(listShape(unitOutput))],
    ...ALWAYS,
    ["results", listShape(result)],
    ["failed", listShape(result)],
  ]);
}

/** An output is null when its step was skipped, went on after a failure, or has not ended yet (`needs: { any }`). */
function orNull(shape: JsonSchema): JsonSchema {
  return unionOf([shape, nullShape]);
}
