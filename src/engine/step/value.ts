import { failure } from "../../run/failure.ts";
import { err, ok } from "../../util/result.ts";
import type { SchemaCheck } from "../../util/schema-check.ts";
import { expressionFailure } from "./expression-failure.ts";
import type { StepHandler } from "./handler.ts";

/** `value` steps: a pure expression, known at once. */
export function createValueStep(check: SchemaCheck): StepHandler {
  return {
    prepare(step, { evaluator, values }) {
      if (step.body.kind !== "value") return err(failure("internal", "bug", "not a value step"));
      const value = evaluator.evaluate(step.body.value, values);
      if (!value.ok) return err(expressionFailure("value", step.id, value.error));
      const problems = step.output === null ? [] : check(step.output, value.value);
      if (problems.length === 0) return ok({ kind: "now", output: value.value });
      return err(
        failure(
          "output",
          "schema_mismatch",
          `the value of '${step.id}' does not fit its output schema: ${problems.join("; ")}`,
        ),
      );
    },
  };
}
