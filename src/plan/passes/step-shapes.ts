import { typeOf } from "../../expression/check.ts";
import {
  filePathShape,
  freeTextShape,
  intShape,
  itemShape,
  kindsOf,
  listShape,
  nullShape,
  stringShape,
  unionOf,
} from "../../expression/shape.ts";
import type { NormalManifest } from "../../manifest/normal.ts";
import type { JsonObject, JsonSchema } from "../../util/json.ts";
import type { PlannedFan } from "../types.ts";
import type { ParsedStep } from "./parse-templates.ts";
import { insideOf, positionOf, type PlacedStep } from "./position.ts";
import { closed, ERROR, orNull, Scopes, shapeOf, type NameShapes, type Shapes } from "./scopes.ts";

const STATUS: JsonSchema = {
  enum: ["pending", "ready", "running", "waiting", "succeeded", "failed", "skipped", "cancelled"],
  type: "string",
};

type Fields = readonly (readonly [string, JsonSchema])[];

const ALWAYS: Fields = [
  ["status", STATUS],
  ["error", ERROR],
];
const PROCESS: Fields = [
  ["exit_code", intShape],
  ["stderr", stringShape],
];

/** What more each kind gives beside its output. */
const more: { readonly [kind: string]: Fields } = {
  run: PROCESS,
  http: [["status_code", orNull(intShape)]],
  handoff: [["by", orNull(stringShape)]],
};
/** The rows of a query: maps whose keys are the names of the columns. */
const ROWS = listShape({ type: "object", additionalProperties: true });
/** `artifacts`: by path. */
const FILES: Fields = [
  [
    "artifacts",
    {
      type: "object",
      additionalProperties: closed([
        ["path", stringShape],
        ["bytes", intShape],
        ["sha256", stringShape],
        ["url", orNull(stringShape)],
      ]),
    },
  ],
];
const BRANCH: Fields = [["branch", orNull(stringShape)]];

/** The most frequent step: an agent that answers in text. */
const TEXT_STEP = closed([["output", orNull(freeTextShape)], ...ALWAYS]);

/**
 * The shapes of all that steps give, as far as schemas and expressions tell. In two rounds: what a computed `value`,
 * a group or a `for_each` gives is told by what the declared schemas say of the names in it; a value made of such a
 * value is of unknown shape. Names are not checked here, so unknown ones are let pass.
 */
export function shapesOf(manifest: NormalManifest, placed: ReadonlyMap<string, PlacedStep>, used: UsedShapes): Shapes {
  const steps = [...placed.values()];
  const writing = writingSteps(steps, used);
  const declared = new Map<string, JsonSchema>();
  for (const { parsed } of steps) declared.set(parsed.step.id, declaredOutput(parsed, used.outputs));
  const units = new Map<string, NameShapes>();
  const rough: Shapes = { steps: stepsShape(steps, declared, writing), units, outputs: declared };
  // What is wrong is said later, and without a guess here.
  const scopes = new Scopes(manifest, rough, () => null);
  // Outer steps come first, so that inner lists see the items around them.
  for (const step of steps) {
    const names = unitNames(step, scopes, declared);
    if (names !== null) units.set(step.parsed.step.id, names);
  }
  const computed = new Map<string, JsonSchema>();
  for (const step of steps) {
    const { id, output } = step.parsed.step;
    if (output !== null) continue;
    const { body } = step.parsed;
    if (body.kind === "value" && body.value.kind !== "literal") {
      computed.set(id, typeOf(body.value, scopes.at("unit", positionOf(step), true)));
    } else if (body.kind === "steps") {
      const scope = scopes.at("group_outputs", insideOf(step), true);
      computed.set(id, closed(Object.entries(body.scope.outputs).map(([name, value]) => [name, typeOf(value, scope)])));
    }
  }
  if (computed.size === 0) return rough;
  const outputs = new Map([...declared, ...computed]);
  return { steps: stepsShape(steps, outputs, writing), units, outputs };
}

/** What is known of the workflows that steps of a file use, by the ids of these steps. */
export interface UsedShapes {
  /** What the workflow gives. */
  readonly outputs: ReadonlyMap<string, JsonSchema>;
  /** What its steps may write. */
  readonly writes: ReadonlyMap<string, readonly unknown[]>;
}

/** Steps that have artifacts: their own, or those of steps inside. */
function writingSteps(steps: readonly PlacedStep[], { writes }: UsedShapes): ReadonlySet<string> {
  const writing = new Set<string>();
  for (const step of steps) {
    const { id } = step.parsed.step;
    if (step.parsed.files.writes.length === 0 && (writes.get(id)?.length ?? 0) === 0) continue;
    for (let at: PlacedStep | null = step; at !== null; at = at.group) writing.add(at.parsed.step.id);
  }
  return writing;
}

/** The shape of one unit's output without looking at other steps; `true` = not known. */
function declaredOutput({ step, body }: ParsedStep, used: ReadonlyMap<string, JsonSchema>): JsonSchema {
  if (step.isUnknown) return true;
  if (step.output !== null) return body.kind === "agent" && isAnyText(step.output) ? freeTextShape : step.output;
  switch (body.kind) {
    case "agent":
      return body.send?.waitMs === null ? nullShape : freeTextShape;
    case "send":
      return nullShape;
    case "run":
      return stringShape;
    case "value":
      return body.value.kind === "literal" ? shapeOf(body.value.value) : true;
    case "http":
    case "state":
      return true;
    case "sql":
      return ROWS;
    case "steps":
      return closed(Object.keys(body.scope.outputs).map((name) => [name, true]));
    case "uses":
      return used.get(step.id) ?? true;
    case "wait":
      return nullShape;
    case "approval":
      return closed([
        ["by", stringShape],
        ["comment", orNull(stringShape)],
        ["input", body.input ?? nullShape],
      ]);
  }
}

/** `output: { type: string }` asks for nothing but what an answer without a schema is. */
function isAnyText(schema: JsonSchema): boolean {
  const kinds = kindsOf(schema);
  if (typeof schema === "boolean" || kinds?.size !== 1 || !kinds.has("string")) return false;
  return !["enum", "const", "format", "pattern", "anyOf", "oneOf"].some((keyword) => Object.hasOwn(schema, keyword));
}

/** What the units of a step see; null = nothing of their own. */
function unitNames(step: PlacedStep, scopes: Scopes, outputs: ReadonlyMap<string, JsonSchema>): NameShapes | null {
  const { fan, step: written } = step.parsed;
  if (fan === null && written.repeat === null && written.fallback.length === 0) return null;
  const names: { [name: string]: JsonSchema } = {};
  if (fan !== null) {
    const item = itemShapeOf(fan, step, scopes);
    if (fan.variable === "items") names["items"] = listShape(item);
    else Object.assign(names, { [fan.variable]: item, index: intShape });
  }
  if (written.repeat !== null || written.fallback.length > 0) {
    names["previous"] = orNull(outputs.get(written.id) ?? true);
  }
  return Object.keys(names).length === 0 ? null : names;
}

function itemShapeOf(fan: PlannedFan, step: PlacedStep, scopes: Scopes): JsonSchema {
  if (fan.glob !== null) return filePathShape;
  if (fan.items.kind !== "literal") return itemShape(typeOf(fan.items, scopes.at("gate", positionOf(step), true)));
  return fan.variable === "matrix"
    ? matrixShape(fan.items.value as readonly JsonObject[])
    : itemShape(shapeOf(fan.items.value));
}

/** One combination: what `include` adds to some of them may be missing in others. */
function matrixShape(combinations: readonly JsonObject[]): JsonSchema {
  const values = new Map<string, JsonSchema[]>();
  for (const combination of combinations) {
    for (const [key, value] of Object.entries(combination))
      values.set(key, [...(values.get(key) ?? []), shapeOf(value)]);
  }
  const required = [...values].flatMap(([key, shapes]) => (shapes.length === combinations.length ? [key] : []));
  const properties = Object.fromEntries([...values].map(([key, shapes]) => [key, unionOf(shapes)]));
  return { type: "object", properties, required, additionalProperties: false };
}

function stepsShape(
  steps: readonly PlacedStep[],
  outputs: ReadonlyMap<string, JsonSchema>,
  writing: ReadonlySet<string>,
): JsonSchema {
  const properties: { [id: string]: JsonSchema } = {};
  for (const { parsed } of steps) {
    const { id } = parsed.step;
    properties[id] = stepShape(parsed, outputs.get(id) ?? true, writing.has(id) ? FILES : []);
  }
  return { type: "object", properties, additionalProperties: false };
}

/** `steps.x` of one step. */
function stepShape({ step, body, fan }: ParsedStep, unitOutput: JsonSchema, files: Fields): JsonSchema {
  if (step.isUnknown) return true;
  if (unitOutput === freeTextShape && fan === null && step.repeat === null && step.handoff === undefined)
    return TEXT_STEP;
  const tree = step.workspace === "worktree" ? BRANCH : [];
  const output = orNull(unitOutput);
  if (fan === null) {
    const rounds: Fields = step.repeat === null ? [] : [["results", listShape(true)]];
    return closed([
      ["output", output],
      ...ALWAYS,
      ...(more[step.handoff === undefined ? body.kind : "handoff"] ?? []),
      ...tree,
      ...files,
      ...rounds,
    ]);
  }
  const one = fan.batch?.flatten === true ? flattened(unitOutput) : unitOutput;
  const result = closed([
    ["item", true],
    ["index", intShape],
    ["attempts", intShape],
    ["output", orNull(one)],
    ...ALWAYS,
    ...files,
  ]);
  return closed([
    ["output", fan.join.kind === "any" ? output : orNull(listShape(one))],
    ...ALWAYS,
    ...files,
    ["results", listShape(result)],
    ["failed", listShape(result)],
  ]);
}

/** What one item of a batch gives: an entry of the batch's list. */
function flattened(output: JsonSchema): JsonSchema {
  const kinds = kindsOf(output);
  if (kinds === null) return true;
  return kinds.has("list") ? itemShape(output) : output;
}
