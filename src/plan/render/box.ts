import type { StepEstimate } from "../estimate.ts";
import type { Plan, PlannedStep } from "../types.ts";
import { formatCount, oneLine } from "./format.ts";
import { nameOf } from "./name.ts";

/** A step as a box of a picture: two lines of text, not yet escaped, and how it looks. */
export interface Box {
  readonly title: string;
  readonly subtitle: string;
  readonly step: PlannedStep;
  /** It has an `if`: its border is dashed. */
  readonly isConditional: boolean;
}

/** The steps of one scope as boxes, in the order of the file. */
export function boxesIn(plan: Plan, scope: number, estimates: readonly StepEstimate[]): readonly Box[] {
  return (plan.scopes[scope]?.steps ?? []).map((step, index) => {
    const units = estimates[index]?.units;
    const fan = step.fan === null || units === undefined ? "" : ` × ${formatCount(units.ceiling)}`;
    return {
      title: oneLine(step.id),
      subtitle: oneLine(`${nameOf(plan, step)}${fan}`),
      step,
      isConditional: step.condition !== null,
    };
  });
}

/** An arrow from one step to one that waits for it. */
export interface Arrow {
  readonly from: number;
  readonly to: number;
  /** `1 of 2` where some of a group are enough; null where all are needed. */
  readonly label: string | null;
}

/** The arrows of the boxes, by target. */
export function arrowsOf(boxes: readonly Box[]): readonly Arrow[] {
  return boxes.flatMap(({ step }, to) =>
    step.needs.flatMap(({ of, required }) => {
      const label = required === of.length ? null : `${required} of ${of.length}`;
      return of.map((from) => ({ from, to, label }));
    }),
  );
}
