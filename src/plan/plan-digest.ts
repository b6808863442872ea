import { digestOf } from "../util/digest.ts";
import type { Json } from "../util/json.ts";
import { lazy } from "../util/lazy.ts";
import type { Plan } from "./types.ts";

export type PlanContent = Omit<Plan, "digest">;

/** The plan with its digest, which is made when it is first asked for: of a large plan it takes as long as the rest. */
export function planOf(content: PlanContent): Plan {
  const digest = lazy(() => digestOf(content as unknown as Json));
  return {
    ...content,
    get digest() {
      return digest();
    },
  };
}

/** The plan with some of its content changed, and the digest of that. */
export function changedPlan(plan: Plan, change: Partial<PlanContent>): Plan {
  // Key by key: to copy all would make the digest of what is changed.
  const keys = Object.keys(plan).filter((key) => key !== "digest") as (keyof PlanContent)[];
  const content = Object.fromEntries(keys.map((key) => [key, plan[key]])) as unknown as PlanContent;
  return planOf({ ...content, ...change });
}
