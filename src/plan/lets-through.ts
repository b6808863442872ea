import { nameOf } from "./render/name.ts";
import { staticFingerprint } from "./step-digest.ts";
import { EMPTY_SCOPE, type Plan } from "./types.ts";

/** Where a step is in the plan: its scope and position, after those of the groups and sub-workflows around it. */
export type StepPlace = readonly { readonly scope: number; readonly step: number }[];

/** A step that waits for another, however indirectly. */
export interface LetThrough {
  /** Ids, as `group/inner`. */
  readonly path: string;
  /** What it does, in a few words. */
  readonly does: string;
  /** The static half of its fingerprint: what it is as written. */
  readonly digest: string;
}

/** What may run once the step at a place has succeeded: the nearest first, each scope in the order of the file. */
export function letsThrough(plan: Plan, place: StepPlace): readonly LetThrough[] {
  const found: LetThrough[] = [];
  for (let depth = place.length - 1; depth >= 0; depth -= 1) {
    const { scope, step } = place[depth] as StepPlace[number];
    const prefix = place
      .slice(0, depth)
      .map((around) => `${plan.scopes[around.scope]?.steps[around.step]?.id ?? ""}/`)
      .join("");
    const { steps } = plan.scopes[scope] ?? EMPTY_SCOPE;
    for (const index of dependantsOf(plan, scope, step)) {
      const one = steps[index];
      if (one === undefined) continue;
      const digest = staticFingerprint(plan, scope, index);
      found.push({ path: `${prefix}${one.id}`, does: nameOf(plan, one), digest });
    }
  }
  return found;
}

/** The positions of the steps of a scope that wait for one of them, and for those in turn; `finally` waits for nobody. */
function dependantsOf(plan: Plan, scope: number, step: number): readonly number[] {
  const { steps } = plan.scopes[scope] ?? EMPTY_SCOPE;
  const reached = new Set([step]);
  for (const from of reached) {
    steps.forEach(({ needs }, index) => {
      if (needs.some(({ of }) => of.includes(from))) reached.add(index);
    });
  }
  reached.delete(step);
  return [...reached].sort((a, b) => a - b);
}
