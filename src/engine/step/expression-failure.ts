import type { ExpressionError } from "../../expression/scope.ts";
import { failure, type Failure } from "../../run/failure.ts";

/** An expression of a step that could not be evaluated with the values at hand: `'task' of 'draft': ...`. */
export function expressionFailure(key: string, name: string, error: ExpressionError): Failure {
  const where = key === "outputs" ? `output '${name}'` : `'${key}' of '${name}'`;
  return failure("invalid", error.code, `${where}: ${error.message}`);
}
