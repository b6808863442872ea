import { asText } from "../../util/json.ts";
import { err, ok } from "../../util/result.ts";
import { failure } from "../../run/failure.ts";
import { expressionFailure } from "./expression-failure.ts";
import type { StepHandler } from "./handler.ts";

/**
 * `send` steps that wait for no reply: the message is said, and the step behind this one (`send-replies.ts` of the plan)
 * brings it to the session.
 */
export function createSendStep(): StepHandler {
  return {
    prepare({ id, body }, { evaluator, values, resources }) {
      if (body.kind !== "send") return err(failure("internal", "bug", "not a send step"));
      const message = evaluator.evaluate(body.message, values, undefined, resources);
      if (!message.ok) return err(expressionFailure("send.message", id, message.error));
      if (asText(message.value).trim() === "")
        return err(
          failure("invalid", "empty_task", `the message of '${id}' is empty`, {
            help: "look at the values that it is made of",
          }),
        );
      return ok({ kind: "now", output: null });
    },
  };
}
