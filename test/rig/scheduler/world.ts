import type { FailureClass } from "../../../src/plan/types.ts";
import type { GateStatus } from "../../../src/expression/scope.ts";
import type { AttemptOutcome, GateVerdict } from "../../../src/run/scheduler/event.ts";
import type { StepNode } from "../../../src/run/scheduler/graph.ts";
import { hash32 } from "./hash.ts";

/**
 * What the world outside answers: fixed by the name of what is asked, never by when it is asked, so that
 * two runs can be compared. Shares are percent.
 */
export interface World {
  readonly luck: number;
  readonly failing: number;
  readonly waiting: number;
  readonly skipping: number;
}

/** A number in [0, 100) that belongs to this question. */
export function draw(world: World, question: string, name: string): number {
  return (hash32(`${world.luck}:${question}:${name}`) / 2 ** 32) * 100;
}

const classes: readonly FailureClass[] = [
  "network",
  "network",
  "network",
  "timeout",
  "server",
  "exit",
  "refused",
  "budget",
  "internal",
  "cancelled",
];
const groupClasses: readonly FailureClass[] = ["network", "timeout", "exit", "refused"];

/** How an attempt of a step ends. */
export function outcomeOf(world: World, name: string, node: StepNode): AttemptOutcome {
  if (draw(world, "outcome", name) >= world.failing) return { kind: "succeeded" };
  const drawn = pick(world, "class", name, classes);
  // Whether an item fails for its budget before fail_fast stops it depends on the order of arrival.
  return failed(world, name, drawn === "budget" && node.fan?.failFast === true ? "network" : drawn);
}

/** How a group's attempt ends whose steps did not all go well. */
export function groupFailure(world: World, name: string): AttemptOutcome {
  return failed(world, name, pick(world, "class", name, groupClasses));
}

/** What `if` and `for_each` of a step give. */
export function verdictOf(
  world: World,
  name: string,
  node: StepNode,
  status: GateStatus,
  mostItems: number,
): GateVerdict {
  const drawn = draw(world, "gate", name);
  if (drawn < world.skipping / 4) return { kind: "fail", class: "invalid" };
  if (drawn < world.skipping) return { kind: "skip" };
  if (
    node.whenSettled &&
    !pick(world, "condition", name, [true, true, status.failure, status.success, status.cancelled])
  )
    return { kind: "skip" };
  return {
    kind: "run",
    items: node.fan === null ? null : Math.floor((draw(world, "items", name) / 100) * (mostItems + 1)),
  };
}

/** What `until` or `accept` gives. */
export function judgementOf(world: World, name: string): "accept" | "reject" | "error" {
  const drawn = draw(world, "judge", name);
  if (drawn < 3) return "error";
  return drawn < 50 ? "reject" : "accept";
}

function failed(world: World, name: string, failureClass: FailureClass): AttemptOutcome {
  return { kind: "failed", class: failureClass, retryAfterMs: draw(world, "retry-after", name) < 20 ? 250 : null };
}

function pick<T>(world: World, question: string, name: string, from: readonly T[]): T {
  return from[Math.floor((draw(world, question, name) / 100) * from.length)] as T;
}
