import { findTaint } from "../plan/taint.ts";
import type { Plan } from "../plan/types.ts";

/** Every way of content that anybody may have written to a place that does something with it, a sentence each. */
export function flowsOf(plan: Plan | null): readonly string[] {
  if (plan === null) return [];
  const prefixes = prefixesOf(plan);
  const path = (scope: number, step: number): string =>
    `${prefixes.get(scope) ?? ""}${plan.scopes[scope]?.steps[step]?.id ?? ""}`;
  return findTaint(plan).map(
    ({ source, scope, step, part }) =>
      `what '${path(source.scope, source.step)}' got from outside reaches \`${part.join(".")}\` of '${path(scope, step)}' without an approval`,
  );
}

/** The path of the steps of each scope, up to their names; of a workflow that several use, that of the first. */
function prefixesOf(plan: Plan): ReadonlyMap<number, string> {
  const prefixes = new Map<number, string>([[0, ""]]);
  for (const [scope, prefix] of prefixes) {
    for (const { id, body } of plan.scopes[scope]?.steps ?? []) {
      if ((body.kind === "steps" || body.kind === "uses") && !prefixes.has(body.scope))
        prefixes.set(body.scope, `${prefix}${id}/`);
    }
  }
  return prefixes;
}
