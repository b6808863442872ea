import { impliesSuccess, statusFunctionsOf } from "../expression/references.ts";
import type { NeedGroup, PlannedStep } from "./types.ts";

/**
 * Positions of the steps without which a step cannot start: each has succeeded by then, or its failure was caught. None
 * for one that is asked whatever became of its needs, as with `if: always()` or in `finally`.
 */
export function surelyBefore(step: PlannedStep): readonly number[] {
  const [only] = step.needs;
  if (only === undefined || !needsSuccess(step)) return NONE;
  if (step.needs.length === 1) return isSure(only) ? only.of : NONE;
  return step.needs.filter(isSure).flatMap(({ of }) => of);
}

/** Whether nothing gets past an approval but the yes of a person: no failure is caught, and no list of questions is empty. */
export function holdsUp({ body, onError, fan }: PlannedStep): boolean {
  if (body.kind !== "approval" || onError.kind !== "fail") return false;
  if (fan === null) return true;
  const { join, size } = fan;
  if (join.kind === "all") return size !== null && size > 0;
  return join.kind === "any" || (join.kind === "at_least" && join.count > 0);
}

/** Of several steps of which some are enough nobody knows which one it was. */
export function isSure({ of, required }: NeedGroup): boolean {
  return required === of.length;
}

const NONE: readonly number[] = [];

/** Whether a step runs only where its needs hold. A status function in `if` takes the place of the implied `success()`. */
function needsSuccess({ condition, isFinally }: PlannedStep): boolean {
  if (condition === null) return !isFinally;
  return impliesSuccess(condition) || (!isFinally && statusFunctionsOf(condition).length === 0);
}
