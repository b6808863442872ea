import type { Plan } from "./types.ts";

/**
 * The paths of all steps of a plan as people write them, in the order of the file: `group`, `group/inner`. A step of
 * a group or sub-workflow has one path, however many items or rounds there are.
 */
export function stepPaths(plan: Plan, scope = 0, prefix = ""): string[] {
  return (plan.scopes[scope]?.steps ?? []).flatMap(({ id, body }) => {
    const path = `${prefix}${id}`;
    return body.kind === "steps" || body.kind === "uses" ? [path, ...stepPaths(plan, body.scope, `${path}/`)] : [path];
  });
}
