import { grantOf, narrowed, type Grant } from "./permissions.ts";
import { workersOf, type Plan, type PlannedAgent, type PlannedModel, type PlannedStep } from "./types.ts";

/** The agents of a plan by their names in it; those that could not be planned have none. */
type Agents = { readonly [name: string]: Pick<PlannedAgent, "tools" | "models"> | undefined };

/** All who may come to work when these agents do: they themselves first, then whom they may start, however far; each once. */
export function teamOf(agents: Agents, names: readonly string[]): readonly string[] {
  const team = new Set(names);
  // A set is gone through with what is added meanwhile.
  for (const name of team) for (const next of reachedBy(agents, name)) team.add(next);
  return [...team];
}

/** All who may come to work for a step in any of its stages, each once. Nobody for other kinds than agents. */
export function teamOfStep({ agents }: Pick<Plan, "agents">, step: PlannedStep): readonly string[] {
  return teamOf(agents, workersOf(step));
}

/** All agents of the plan that some step may bring to work. */
export function teamOfPlan(plan: Plan): ReadonlySet<string> {
  return new Set(
    teamOf(
      plan.agents,
      plan.scopes.flatMap(({ steps }) => steps.flatMap(workersOf)),
    ),
  );
}

/** The names in the plan of whom an agent may start. */
export function childrenOf(agents: Agents, name: string): readonly string[] {
  return Object.values(agents[name]?.tools?.spawn?.agents ?? {});
}

/** The names in the plan of whom an agent may start or write to. */
export function reachedBy(agents: Agents, name: string): readonly string[] {
  return [...childrenOf(agents, name), ...addressedBy(agents, name)];
}

/** The names in the plan of those who answer in the sessions that an agent may write to. */
export function addressedBy(agents: Agents, name: string): readonly string[] {
  return Object.values(agents[name]?.tools?.sends ?? {}).map(({ agent }) => agent);
}

/** Every model that whom an agent may start, however far, may be asked to use. The agent's own are not among them. */
export function modelsOfChildren(agents: Agents, names: readonly string[]): readonly PlannedModel[] {
  const children = teamOf(
    agents,
    names.flatMap((name) => reachedBy(agents, name)),
  );
  const named = teamOf(agents, names).flatMap((name) => Object.values(agents[name]?.tools?.spawn?.models ?? {}));
  return [...children.flatMap((name) => agents[name]?.models ?? []), ...named.flat()];
}

/** An agent at work, and what its own permissions allow it there: those of all who led to it taken together. */
export interface Member {
  readonly name: string;
  readonly grant: Grant;
}

/** Beyond so many it does not pay to tell them apart, and there may be more than anybody can count. */
const MOST_MEMBERS = 1000;

/**
 * Each agent that may come to work when one does, once for each way in which its permissions turn out; where these are too
 * many, once with all that its own permissions allow, which is never less.
 */
export function membersOf(agents: Agents, name: string): readonly Member[] {
  const found = new Map<string, Member>();
  const open: Member[] = [{ name, grant: grantOf(agents[name]?.tools?.permissions ?? null) }];
  for (let member = open.pop(); member !== undefined; member = open.pop()) {
    const key = JSON.stringify([member.name, member.grant]);
    if (found.has(key)) continue;
    found.set(key, member);
    if (found.size > MOST_MEMBERS)
      return teamOf(agents, [name]).map((each) => ({ name: each, grant: ownGrant(agents, each) }));
    for (const child of childrenOf(agents, member.name))
      open.push({ name: child, grant: childGrant(member.grant, agents[child]) });
    // Who answers in a session has permissions of its own.
    for (const other of addressedBy(agents, member.name)) open.push({ name: other, grant: ownGrant(agents, other) });
  }
  return [...found.values()];
}

/** What an agent may do as a child: never more than who started it. A child without tools touches nothing. */
export function childGrant(parent: Grant, child: Pick<PlannedAgent, "tools"> | undefined): Grant {
  return narrowed(parent, grantOf(child?.tools?.permissions ?? NOTHING));
}

function ownGrant(agents: Agents, name: string): Grant {
  return grantOf(agents[name]?.tools?.permissions ?? NOTHING);
}

const NOTHING = { files: "none", network: [], shell: "none", state: "none" } as const;
