import type { Plan, PlannedStep } from "../../plan/types.ts";
import { isInsideCall, parentOfChild, pathOfKey, roundOfKey } from "../../run/attempt-key.ts";
import type { DeadLetter } from "../../run/dead-letter.ts";
import type { Fact } from "../../run/fact.ts";
import { stepsByPath } from "./steps-by-path.ts";

/**
 * Of units that failed for good and are tried anew: which facts answer no more. What is not known to have taken no
 * effect stays in doubt, and is not repeated without a person's word. `facts` are those of the run.
 */
export function triedAnew(
  plan: Plan,
  letters: readonly DeadLetter[],
  facts: () => Iterable<Fact>,
): (fact: Fact) => boolean {
  const steps = stepsByPath(plan);
  const spent = spentUnits(steps, letters, facts);
  return (fact) => {
    const { key, state } = fact;
    const step = steps.get(pathOfKey(key));
    // Its parent was told of it: whoever goes on with that conversation finds it as it was.
    if (parentOfChild(key) !== null && state === "failed") return hasOwnFolder(step);
    if (state === "failed") return fact.failure?.code !== "outcome_unknown";
    // A conversation about files goes on where these files are, and a folder of its own is made anew.
    if (isInsideCall(key) && hasOwnFolder(step)) return true;
    // What was lost too often starts anew as well; what must not be repeated stays in doubt.
    if (state === "started") return step?.effect !== "unsafe";
    return key.endsWith("/~killed") || (spent.size > 0 && state === "succeeded" && isWithin(key, spent));
  };
}

/** Whether a path, or the name of a unit, is one of these, or lies inside one. */
export function isWithin(path: string, paths: ReadonlySet<string>): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1))
    if (paths.has(path.slice(0, end))) return true;
  return false;
}

/**
 * Units that failed although each of their rounds succeeded, or each of their stages: with these facts they would fail
 * the same way again. Not those that have rounds left, by an edit of `max` or because a new try of them was cut off.
 */
function spentUnits(
  steps: ReadonlyMap<string, PlannedStep>,
  letters: readonly DeadLetter[],
  facts: () => Iterable<Fact>,
): ReadonlySet<string> {
  const isLast = new Map<string, (round: { readonly iteration: number; readonly stage: number }) => boolean>();
  for (const { key, failure } of letters) {
    const step = steps.get(pathOfKey(key));
    if (failure.code === "repeat_exhausted") isLast.set(key, ({ iteration }) => iteration >= (step?.repeat?.max ?? 1));
    if (failure.code === "handoff_exhausted") isLast.set(key, ({ stage }) => stage >= (step?.fallback.length ?? 0));
  }
  const spent = new Set<string>();
  if (isLast.size === 0) return spent;
  for (const { key } of facts())
    for (const [unit, is] of isLast) {
      const round = roundOfKey(key, unit);
      if (round !== null && is(round)) spent.add(unit);
    }
  return spent;
}

function hasOwnFolder(step: PlannedStep | undefined): boolean {
  return step?.workspace === "isolated" || step?.workspace === "worktree";
}
