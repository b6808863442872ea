import type { ExpressionScope } from "../expression/scope.ts";
import { fieldShape, itemShape } from "../expression/shape.ts";
import type { CheckedFile } from "../plan/check-file.ts";
import { atTheTop, insideOf, positionOf, type Position } from "../plan/passes/position.ts";
import type { Place } from "../plan/passes/site.ts";
import type { JsonSchema } from "../util/json.ts";

type Pointer = readonly (string | number)[];

/** Where an expression at a pointer is evaluated, and what it may read there. */
export function scopeAt(checked: CheckedFile, pointer: Pointer): { scope: ExpressionScope; position: Position } {
  const { place, position } = whereIs(checked, pointer);
  return { position, scope: checked.scopes.at(place, position) };
}

function whereIs(checked: CheckedFile, pointer: Pointer): { place: Place; position: Position } {
  const [root] = pointer;
  if (root === "env") return { place: "environment", position: atTheTop };
  if (root === "agents") return { place: "instructions", position: atTheTop };
  const at = pointer.findLastIndex(
    (segment, depth) => typeof segment === "string" && isStepMap(pointer, depth - 1) && checked.placed.has(segment),
  );
  const step = at === -1 ? undefined : checked.placed.get(String(pointer[at]));
  if (step === undefined) return { place: "outputs", position: atTheTop };
  const [key, inner] = pointer.slice(at + 1);
  if (key === "outputs") return { place: "group_outputs", position: insideOf(step) };
  return { place: placeOf(key, inner), position: positionOf(step) };
}

function isStepMap(pointer: Pointer, depth: number): boolean {
  return pointer[depth] === "steps" || pointer[depth] === "finally";
}

function placeOf(key: string | number | undefined, inner: string | number | undefined): Place {
  if (key === "if") return "condition";
  if (key === "for_each" || key === "on_error" || key === "matrix") return "gate";
  if (key === "item_key") return "key";
  if (key === "handoff" || (key === "repeat" && inner === "until")) return "until";
  return key === "env" || key === "http" || key === "sql" ? "unit_environment" : "unit";
}

/** The shape at the end of a path, `[0]` and the like as `[]`; null where a schema says that there is nothing. */
export function shapeAt(names: { readonly [name: string]: JsonSchema }, path: readonly string[]): JsonSchema | null {
  const [root = "", ...fields] = path;
  let shape = names[root];
  if (shape === undefined) return null;
  for (const field of fields) {
    if (field === "[]") {
      shape = itemShape(shape);
      continue;
    }
    const found = fieldShape(shape, field);
    if (found.is !== "field") return null;
    shape = found.shape;
  }
  return shape;
}
