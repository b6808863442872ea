import type { Plan, PlannedFan, PlannedStep } from "../../plan/types.ts";
import { scopeGraph, type Graph, type StepNode } from "./graph.ts";

/**
 * The scheduler's view of a plan. `slots` is the number of attempts at once; default: the plan's `limits.concurrency`.
 * Without a bound (infinity) `max_parallel` bounds nothing either: who only asks what would run wants all of it.
 */
export function graphOf(plan: Plan, slots: number = plan.limits.concurrency): Graph {
  const { breaker } = plan.limits;
  return {
    scopes: plan.scopes.map((scope) =>
      scopeGraph(scope.steps.map((step) => nodeOf(step, slots === Number.POSITIVE_INFINITY))),
    ),
    slots,
    breakerFailures: breaker?.scope === "run" ? breaker.failures : null,
  };
}

function nodeOf(step: PlannedStep, isUnbounded: boolean): StepNode {
  const { fan, body, repeat, onError } = step;
  return {
    needs: step.needs,
    whenSettled: step.whenSettled,
    gated: step.condition !== null || fan !== null || readsUnfinished(step),
    fan:
      fan === null
        ? null
        : { maxParallel: isUnbounded ? null : mostAtOnce(step, fan), failFast: fan.failFast, join: fan.join },
    repeat: repeat === null ? null : { max: repeat.max, delayMs: repeat.delayMs },
    stages: 1 + step.fallback.length,
    judged: step.handoff !== undefined,
    retry: { ...step.retry, on: new Set(step.retry.on) },
    caught: onError.kind !== "fail",
    childScope: body.kind === "steps" || body.kind === "uses" ? body.scope : null,
    isFinally: step.isFinally,
  };
}

/** What is handed in to a batch endpoint holds no slot while it waits, so the slots do not bound it. */
function mostAtOnce({ body }: PlannedStep, { maxParallel, maxItems }: PlannedFan): number | null {
  return body.kind === "agent" && body.batchApi === true ? (maxParallel ?? maxItems) : maxParallel;
}

/** A step may start while a step that it names has not ended: what it then sees is frozen at its gate. */
export function readsUnfinished(step: PlannedStep): boolean {
  return step.needs.some((group) => group.required < group.of.length);
}
