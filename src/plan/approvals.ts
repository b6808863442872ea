import type { ApprovalBody, Plan } from "./types.ts";

/** Whether any step of a plan asks a person. */
export function asksPeople(plan: Plan): boolean {
  return approvalsOf(plan).length > 0;
}

/** Every question to a person in a plan, with the id of its step; those of a `handoff` too. */
export function approvalsOf(plan: Plan): readonly { readonly id: string; readonly approval: ApprovalBody }[] {
  return plan.scopes.flatMap(({ steps }) =>
    steps.flatMap(({ id, body, handoff = [] }) => {
      const stages = handoff.flatMap(({ approval }) => (approval === null ? [] : [{ id, approval }]));
      return body.kind === "approval" ? [{ id, approval: body }, ...stages] : stages;
    }),
  );
}
