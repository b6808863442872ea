import type { WorkflowDiff } from "../diff/change.ts";
import { flowsOf } from "../diff/flow.ts";
import { approvalsBefore } from "../diff/guard.ts";
import { meaningOf, type StepMeaning } from "../diff/meaning.ts";
import { percentOf } from "../diff/render/words.ts";
import { secretReach } from "../diff/secrets.ts";
import { estimate } from "../plan/estimate.ts";
import type { Plan } from "../plan/types.ts";
import type { Json, JsonObject } from "../util/json.ts";
import type { PolicyFacts } from "./policy.ts";

/** What the rules of a policy read of a workflow; `change` is null where there is none. */
export function policyFacts(plan: Plan, change: WorkflowDiff | null): PolicyFacts {
  const meaning = meaningOf(plan);
  const told = estimate(plan);
  const reach = secretReach(meaning);
  const secretsOf = (owner: string): readonly string[] =>
    reach.filter((each) => each.owner === owner).map(({ secret }) => secret);
  const before = stepsBefore(meaning.steps);
  const approvals = approvalsBefore(meaning.steps);
  const steps = [...meaning.steps].map(([path, { kind, needs, fields }]): JsonObject => {
    return {
      ...fields,
      path,
      kind,
      needs,
      after: before.get(path) ?? [],
      approved: (approvals.get(path) ?? []).length > 0,
      secrets: secretsOf(`step ${path}`),
    };
  });
  const agents = Object.entries(meaning.agents).map(([name, agent]): JsonObject => ({
    ...agent,
    name,
    models: idsOf(agent["models"]),
    secrets: secretsOf(`agent ${name}`),
  }));
  const workflow: JsonObject = {
    ...meaning.workflow,
    cost: told.costUsd === null ? null : { floor: told.costUsd.floor, ceiling: told.costUsd.ceiling },
    calls: { floor: told.calls.floor, ceiling: told.calls.ceiling },
    models: told.models.map(({ id }) => id),
    flows: flowsOf(plan),
  };
  return { workflow, agents, steps, change: change === null ? null : changeFacts(change) };
}

function idsOf(models: Json | undefined): readonly Json[] {
  if (!Array.isArray(models)) return [];
  return models.map((model: Json): Json =>
    model !== null && typeof model === "object" && "id" in model ? model["id"] : model,
  );
}

/** For each step the paths of all that it cannot start without, also around the group that it is in. Sorted. */
function stepsBefore(steps: ReadonlyMap<string, StepMeaning>): ReadonlyMap<string, readonly string[]> {
  const known = new Map<string, ReadonlySet<string>>();
  const visit = (path: string): ReadonlySet<string> => {
    const found = known.get(path);
    if (found !== undefined) return found;
    const all = new Set<string>();
    known.set(path, all);
    const slash = path.lastIndexOf("/");
    const prefix = path.slice(0, slash + 1);
    for (const need of steps.get(path)?.sure ?? [])
      for (const each of [`${prefix}${need}`, ...visit(`${prefix}${need}`)]) all.add(each);
    if (slash > 0) for (const each of visit(path.slice(0, slash))) all.add(each);
    return all;
  };
  return new Map([...steps.keys()].map((path) => [path, [...visit(path)].sort()]));
}

function changeFacts(diff: WorkflowDiff): JsonObject {
  const percent = percentOf(diff.cost.before, diff.cost.after);
  const names = (change: string): readonly string[] =>
    diff.steps.filter((step) => step.change === change).map(({ name }) => name);
  return {
    status: diff.status,
    widened: diff.status === "changed" ? diff.widened.map(({ owner, field }) => ({ owner, field })) : [],
    narrowed: diff.narrowed.map(({ owner, field }) => ({ owner, field })),
    models_added: diff.modelsAdded,
    secrets_added: diff.secretsAdded.map(({ secret, owner }) => ({ secret, owner })),
    flows_added: diff.flowsAdded,
    steps_added: names("added"),
    steps_removed: names("removed"),
    steps_changed: names("changed"),
    cost_percent: percent === null || !Number.isFinite(percent) ? null : percent,
  };
}
