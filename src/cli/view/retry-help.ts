import type { FailureClass, Plan } from "../../plan/types.ts";
import type { Failure } from "../../run/failure.ts";

/** What may be over by itself a moment later. */
const TRANSIENT: readonly FailureClass[] = ["server", "network", "overloaded", "timeout", "rate_limit"];

/** The failure of a step of the workflow, with the advice to retry where that may do and the step does not. */
export function withRetryHelp(failure: Failure, path: string, plan: Plan): Failure {
  const step = plan.scopes[0]?.steps.find(({ id }) => id === path);
  if (step === undefined || step.retry.maxAttempts > 1 || !TRANSIENT.includes(failure.class)) return failure;
  if (step.effect === "unsafe" || step.body.kind === "approval") return failure;
  const advice = "a `retry` would try it again";
  return { ...failure, help: failure.help === null ? advice : `${failure.help}; ${advice}` };
}
