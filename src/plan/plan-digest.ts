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
  const { format, workflow, inputs, env, secrets, agents, limits, permissions, scopes } = plan;
  const { variants, variant, roi, events } = plan;
  const sometimes = {
    ...(permissions === undefined ? {} : { permissions }),
    ...(variants === undefined ? {} : { variants }),
    ...(variant === undefined ? {} : { variant }),
    ...(roi === undefined ? {} : { roi }),
    ...(events === undefined ? {} : { events }),
  };
  return planOf({ format, workflow, inputs, env, secrets, agents, limits, scopes, ...sometimes, ...change });
}
