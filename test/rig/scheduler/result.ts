import type { StepCommand } from "../../../src/run/scheduler/command.ts";
import type { StepNode } from "../../../src/run/scheduler/graph.ts";
import type { Position } from "./rule.ts";

/** How a step ended, as far as it can be compared. */
export type StepResult = Pick<StepCommand, "status" | "caught" | "class" | "cause">;

/** One line for a step's end. Which item of a list failed first depends on the order of arrival: its class is left out. */
export function resultLine(node: StepNode, { status, caught, class: failureClass, cause }: StepResult): string {
  const why = cause ?? (node.fan === null ? failureClass : null);
  return `${status}${why === null ? "" : ` (${why})`}${caught ? ", caught" : ""}`;
}

/** What happens inside the units of this step does not depend on the order of arrival: none of them is ever stopped. */
export function isComparable(node: StepNode): boolean {
  return node.fan === null || (!node.fan.failFast && node.fan.join.kind !== "any");
}

/*
 * Lasting names. A step is named by its scope's path and its index, `3` or `3#0/i1s0a2/1`; they are the same
 * in every epoch and every interleaving.
 */
export const unitName = (node: StepNode, step: string, item: number): string =>
  node.fan === null ? step : `${step}#${item}`;
export const attemptName = (unit: string, at: Position): string => `${unit}/i${at.iteration}s${at.stage}a${at.attempt}`;
export const childPath = (attempt: string): string => `${attempt}/`;
