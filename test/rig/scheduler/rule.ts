import type { FailureClass, Join } from "../../../src/plan/types.ts";
import type { UnitCommand } from "../../../src/run/scheduler/command.ts";
import type { AttemptOutcome } from "../../../src/run/scheduler/event.ts";
import type { StepNode } from "../../../src/run/scheduler/graph.ts";

/*
 * The rules of SEMANTICS.md, "Nesting and attempts", read off the page a second time: what one unit does next,
 * and what a join makes of its items. The scheduler under test shares no line with this.
 */

export interface Position {
  readonly iteration: number;
  readonly stage: number;
  readonly attempt: number;
}

export const firstPosition: Position = { iteration: 1, stage: 0, attempt: 1 };

/** What a unit does next when nobody stops it. `delayMs`: the shortest and the longest wait. */
export type Move =
  | { readonly kind: "start"; readonly at: Position; readonly delayMs: readonly [number, number] }
  | { readonly kind: "judge" }
  | {
      readonly kind: "end";
      readonly status: "succeeded" | "failed";
      readonly class: FailureClass | null;
      readonly code: UnitCommand["code"];
    };

const AT_ONCE = [0, 0] as const;
const NEVER_FALLS_BACK: readonly FailureClass[] = ["cancelled", "budget", "internal"];
const MOST_LOST = 3;

/** After an attempt; `lost` counts this one too when it was lost. */
export function afterOutcome(node: StepNode, at: Position, outcome: AttemptOutcome, lost: number): Move {
  if (outcome.kind === "succeeded") {
    return node.judged || node.repeat !== null
      ? { kind: "judge" }
      : { kind: "end", status: "succeeded", class: null, code: null };
  }
  if (outcome.kind === "lost") {
    return lost > MOST_LOST ? failure("internal", "lost_too_often") : { kind: "start", at, delayMs: AT_ONCE };
  }
  const { retry, stages } = node;
  if (retry.on.has(outcome.class) && at.attempt < retry.maxAttempts) {
    const grown = retry.backoff === "exponential" ? retry.delayMs * 2 ** (at.attempt - 1) : retry.delayMs;
    const base = Math.min(grown, retry.maxDelayMs);
    const floor = outcome.retryAfterMs ?? 0;
    const [low, high] = retry.jitter ? [Math.floor(base * 0.9), Math.ceil(base * 1.1)] : [base, base];
    return {
      kind: "start",
      at: { ...at, attempt: at.attempt + 1 },
      delayMs: [Math.max(low, floor), Math.max(high, floor)],
    };
  }
  if (NEVER_FALLS_BACK.includes(outcome.class)) return failure(outcome.class, null);
  if (at.stage + 1 < stages) return { kind: "start", at: { ...at, stage: at.stage + 1, attempt: 1 }, delayMs: AT_ONCE };
  return node.judged ? failure("output", "handoff_exhausted") : failure(outcome.class, null);
}

/** After `until` or `accept` was evaluated. */
export function afterJudgement(node: StepNode, at: Position, judgement: "accept" | "reject" | "error"): Move {
  if (judgement === "accept") return { kind: "end", status: "succeeded", class: null, code: null };
  if (judgement === "error") return failure("invalid", "judge_error");
  if (node.repeat !== null) {
    if (at.iteration >= node.repeat.max) return failure("output", "repeat_exhausted");
    const { delayMs } = node.repeat;
    return { kind: "start", at: { iteration: at.iteration + 1, stage: 0, attempt: 1 }, delayMs: [delayMs, delayMs] };
  }
  if (at.stage + 1 >= node.stages) return failure("output", "handoff_exhausted");
  return { kind: "start", at: { ...at, stage: at.stage + 1, attempt: 1 }, delayMs: AT_ONCE };
}

/** The most attempts that one unit may start, lost ones aside (invariant 7). */
export function mostStarts(node: StepNode): number {
  return (node.repeat?.max ?? 1) * node.stages * node.retry.maxAttempts;
}

/** How many items must succeed; `settled` asks for none, only that all have ended. */
export function required(join: Join, items: number): number {
  switch (join.kind) {
    case "all":
      return items;
    case "any":
      return 1;
    case "settled":
      return 0;
    case "at_least":
      return join.count;
  }
}

export const joinOf = (node: StepNode): Join => node.fan?.join ?? { kind: "all" };

function failure(failureClass: FailureClass, code: UnitCommand["code"]): Move {
  return { kind: "end", status: "failed", class: failureClass, code };
}
