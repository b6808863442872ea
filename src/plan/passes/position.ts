import type { ParsedScope, ParsedStep } from "./parse-templates.ts";

/** A step with where it is: in a group or at the top, and in which place of its scope. */
export interface PlacedStep {
  readonly parsed: ParsedStep;
  readonly scope: ParsedScope;
  /** Its position in the scope. */
  readonly index: number;
  /** The group around it; null at the top of the file. */
  readonly group: PlacedStep | null;
  /** It is one of `finally`, or inside of one. */
  readonly isFinally: boolean;
}

/** Where an expression is evaluated: in a step, or where a group or the workflow gives its outputs (`step` null). */
export interface Position {
  readonly group: PlacedStep | null;
  readonly step: PlacedStep | null;
  readonly isFinally: boolean;
}

/** What no group and no step is around. */
export const atTheTop: Position = { group: null, step: null, isFinally: false };

/** All steps of a file by their ids, outer ones before those inside of them, in the order of the file. */
export function placeSteps(top: ParsedScope): ReadonlyMap<string, PlacedStep> {
  const placed = new Map<string, PlacedStep>();
  const place = (scope: ParsedScope, group: PlacedStep | null): void => {
    scope.steps.forEach((parsed, index) => {
      const isFinally = group?.isFinally ?? parsed.step.isFinally;
      const one: PlacedStep = { parsed, scope, index, group, isFinally };
      placed.set(parsed.step.id, one);
      if (parsed.body.kind === "steps") place(parsed.body.scope, one);
    });
  };
  place(top, null);
  return placed;
}

export function positionOf(step: PlacedStep): Position {
  return { group: step.group, step, isFinally: step.isFinally };
}

/** Where the outputs of a group are evaluated: inside of it. */
export function insideOf(group: PlacedStep): Position {
  return { group, step: null, isFinally: group.isFinally };
}

/**
 * The step that stands for a reader (`self` inside of `group`) in the scope of `target`: the reader itself, or a group
 * around it. null where a group reads a step of its own.
 */
export function standInFor(group: PlacedStep | null, self: PlacedStep | null, target: PlacedStep): PlacedStep | null {
  let at = self;
  let around = group;
  while (around !== target.group) {
    if (around === null) return null;
    at = around;
    around = around.group;
  }
  return at;
}

/** True when an expression at a position may name a step. Steps of `finally` are nobody's but their own. */
export function isInReach({ group, isFinally }: Position, target: PlacedStep): boolean {
  for (let around: PlacedStep | null = group; around !== target.group; around = around.group) {
    if (around === null) return false;
  }
  return isFinally || !target.isFinally;
}
