import { suggest } from "../diagnostic/suggest.ts";
import type { ExpressionProblem, ExpressionScope } from "./scope.ts";
import { describeKinds, type FieldShape } from "./shape.ts";

/** What is wrong, without where. */
export type FieldProblem = Pick<ExpressionProblem, "code" | "message" | "help">;

/** `steps.x.outputs.y`: `step` is `steps.x`, `rest` is `.y` or nothing. */
export function outputsProblem(step: string, rest: string): FieldProblem {
  return { code: "WF4009", message: "a step has one `output`, not `outputs`", help: `write ${step}.output${rest}` };
}

/** Why a field cannot be read; `base` is the source of what it is read from. */
export function fieldProblem(
  field: FieldShape,
  base: string,
  name: string,
  suggestName: NonNullable<ExpressionScope["suggest"]> = suggest,
): FieldProblem {
  if (field.is === "fieldless") {
    const message = `${base} is ${describeKinds(field.kinds)}, which has no field '${name}'`;
    if (name === "length") return { code: "WF4009", message, help: `write size(${base})` };
    return {
      code: "WF4004",
      message,
      help: field.kinds.has("list") ? `one item: ${base}[0].${name}; all: ${base}.map(x, x.${name})` : null,
    };
  }
  const known = field.is === "unknown" ? field.known : [];
  const near = suggestName(name, known);
  const there = known.length === 0 ? "it has no fields" : `it has ${known.slice(0, 12).join(", ")}`;
  return { code: "WF4004", message: `${base} has no field '${name}'`, help: near ? `did you mean '${near}'?` : there };
}
