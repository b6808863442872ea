import { suggest } from "../diagnostic/suggest.ts";
import type { ExpressionProblem } from "./scope.ts";
import { describeKinds, type FieldShape } from "./shape.ts";

/** Why a field cannot be read; `base` is the source of what it is read from. */
export function fieldProblem(
  field: FieldShape,
  base: string,
  name: string,
  isOutputs: boolean,
): Pick<ExpressionProblem, "code" | "message" | "help"> {
  if (isOutputs) {
    return { code: "WF4009", message: `a step has one \`output\`, not \`outputs\``, help: `write ${base}.output` };
  }
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
  const near = suggest(name, known);
  const there = known.length === 0 ? "it has no fields" : `it has ${known.slice(0, 12).join(", ")}`;
  return { code: "WF4004", message: `${base} has no field '${name}'`, help: near ? `did you mean '${near}'?` : there };
}
