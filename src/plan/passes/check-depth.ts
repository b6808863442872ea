import type { Problems } from "../problems.ts";
import { childrenOf } from "../team.ts";
import { workersOf, type Plan } from "../types.ts";

/** Where an agent of the plan that starts others was written. */
export interface LeadPlace {
  /** By its name in the plan. */
  readonly agent: string;
  /** By its name in its file. */
  readonly name: string;
  readonly problems: Problems;
}

/** Reports agents that work so deep, wherever they do, that they could never start another. */
export function checkDepth(plan: Plan, leads: readonly LeadPlace[]): void {
  const limit = plan.limits.spawn?.depth;
  if (limit === undefined) return;
  const depths = leastDepths(plan);
  for (const { agent, name, problems } of leads) {
    const depth = depths.get(agent);
    if (depth === undefined || depth < limit) continue;
    problems.error(["agents", name, "spawn"], {
      code: "WF3043",
      message: `agent '${name}' could never start another: it is at depth ${depth} itself, and \`limits.depth\` is ${limit}`,
      help: `raise it, \`limits: { depth: ${depth + 1} }\`; or take \`spawn\` out`,
      piece: "key",
    });
  }
}

/** How deep each agent that may come to work is at least: workflows that use others and agents that start others count alike. */
function leastDepths(plan: Plan): ReadonlyMap<string, number> {
  const least = new Map<string, number>();
  const open: { agent: string; depth: number }[] = [];
  const seen = new Set<string>();
  const visit = (index: number, depth: number): void => {
    if (seen.has(`${index} ${depth}`)) return;
    seen.add(`${index} ${depth}`);
    for (const step of plan.scopes[index]?.steps ?? []) {
      for (const agent of workersOf(step)) open.push({ agent, depth });
      if (step.body.kind === "steps") visit(step.body.scope, depth);
      if (step.body.kind === "uses") visit(step.body.scope, depth + 1);
    }
  };
  visit(0, 0);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { agent, depth } = next;
    if (depth >= (least.get(agent) ?? Infinity)) continue;
    least.set(agent, depth);
    for (const child of childrenOf(plan.agents, agent)) open.push({ agent: child, depth: depth + 1 });
  }
  return least;
}
