import type { Template } from "../expression/template.ts";
import type { Ledger } from "./ledger.ts";
import { callPriceOf, worstCaseCost } from "./price/price.ts";
import { addressedBy, childrenOf, reachedBy, teamOf } from "./team.ts";
import type { Plan, PlannedModel, PlannedStep } from "./types.ts";

/** The most that something may take. */
export interface Worst {
  /** Agents. */
  readonly count: number;
  readonly calls: number;
  /** USD, without models of unknown price. */
  readonly costUsd: number;
}

const NOTHING: Worst = { count: 0, calls: 0, costUsd: 0 };

/** What children are estimated with. */
export interface ChildSurroundings {
  readonly plan: Plan;
  readonly step: PlannedStep;
  /** Tokens of a prompt, and of what is around it in a request. */
  readonly input: (prompts: readonly Template[]) => number;
}

/**
 * The most that those may take whom an agent at work for a step starts, and they in turn: `max_children` of the dearest at
 * each level, down to `limits.depth`, and never more than `limits.agents` in all.
 */
export function worstChildren(agent: string, around: ChildSurroundings): Worst {
  const { plan } = around;
  const limits = plan.limits.spawn;
  const team = teamOf(plan.agents, childrenOf(plan.agents, agent));
  if (limits === undefined || childrenOf(plan.agents, agent).length === 0) return worstSent(agent, around);
  const alone = new Map(team.map((name) => [name, plus(worstAlone(name, around), worstSent(name, around))]));
  const known = new Map<string, Worst>();
  const below = (name: string, depth: number): Worst => {
    if (depth >= limits.depth) return NOTHING;
    const key = `${depth} ${name}`;
    let worst = known.get(key);
    if (worst === undefined) known.set(key, (worst = level(name, depth)));
    return worst;
  };
  const level = (name: string, depth: number): Worst => {
    const most = plan.agents[name]?.tools?.spawn?.maxChildren ?? 0;
    return times(
      most,
      dearest(childrenOf(plan.agents, name).map((child) => plus(alone.get(child) ?? NOTHING, below(child, depth + 1)))),
    );
  };
  const all = below(agent, 0);
  const cap = times(limits.agents, dearest([...alone.values()]));
  const children = {
    count: Math.min(all.count, cap.count),
    calls: Math.min(all.calls, cap.calls),
    costUsd: Math.min(all.costUsd, cap.costUsd),
  };
  return plus(children, worstSent(agent, around));
}

/**
 * The most that those may take whom an agent writes to: as many messages as it has turns, to the dearest of them, and what
 * that one writes in turn. Nobody waits for one in whose turn it is asked, so no way leads through more of them than there
 * are. (Not each way is gone by itself: among agents that all write to each other there are more than anybody can count.)
 */
function worstSent(agent: string, around: ChildSurroundings): Worst {
  const { agents } = around.plan;
  const others = (name: string): readonly string[] => addressedBy(agents, name).filter((other) => other !== agent);
  const reached = new Set(others(agent));
  for (const name of reached) for (const other of others(name)) reached.add(other);
  const alone = new Map([...reached].map((name) => [name, worstAlone(name, around)]));
  // What each takes with those that it writes to, when so many more may be on the way.
  let taken: ReadonlyMap<string, Worst> = alone;
  const sent = (name: string): Worst =>
    times(agents[name]?.tools?.maxTurns ?? 0, dearest(others(name).map((other) => taken.get(other) ?? NOTHING)));
  for (let more = 1; more < reached.size; more += 1) {
    const further = new Map([...alone].map(([name, own]) => [name, plus(own, sent(name))]));
    if ([...further].every(([name, worst]) => isSame(worst, taken.get(name) ?? NOTHING))) break;
    taken = further;
  }
  return sent(agent);
}

/** Notes in the ledger what models and agents may be asked by the children of an agent, of whom there may be `worst`. */
export function noteChildren(
  agent: string,
  times: number,
  worst: Worst,
  plan: Plan,
  ledger: Ledger,
): readonly string[] {
  const team = teamOf(plan.agents, reachedBy(plan.agents, agent));
  const unpriced = new Set<string>();
  for (const model of new Set(team.flatMap((name) => choicesOf(plan, name).flat())))
    if (ledger.add(model, times * worst.calls) === null) unpriced.add(model.id);
  for (const name of team) {
    if (plan.agents[name]?.budget === undefined) continue;
    ledger.ask(name, {
      calls: { floor: 0, ceiling: times * worst.calls },
      costUsd: { floor: 0, ceiling: times * worst.costUsd },
      isBounded: false,
    });
  }
  return [...unpriced];
}

/** What one child may take itself. It may be asked for a typed result, which may have to be repaired. */
function worstAlone(name: string, { plan, input }: ChildSurroundings): Worst {
  const agent = plan.agents[name];
  const tokens = input(agent?.instructions ? [agent.instructions] : []);
  const turns = (agent?.tools?.maxTurns ?? 1) + 1 + (agent?.tools?.spawn === undefined ? 0 : 1);
  let [calls, costUsd] = [0, 0];
  for (const chain of choicesOf(plan, name)) {
    calls = Math.max(calls, turns * chain.length);
    costUsd = Math.max(costUsd, turns * chain.reduce((sum, model) => sum + costOf(model, tokens), 0));
  }
  return { count: 1, calls, costUsd };
}

/** The chains of models that may stand behind a child: its own, and those that whoever starts it may name. */
function choicesOf({ agents }: Plan, name: string): readonly (readonly PlannedModel[])[] {
  const own = agents[name]?.models ?? [];
  if (agents[name]?.driver !== undefined) return [own];
  const named = Object.values(agents).flatMap(({ tools }) =>
    tools?.spawn !== undefined && Object.values(tools.spawn.agents).includes(name)
      ? Object.values(tools.spawn.models)
      : [],
  );
  return [own, ...named];
}

function costOf(model: PlannedModel, tokens: number): number {
  const price = callPriceOf(model, false);
  return price === null ? 0 : worstCaseCost(price, tokens, model.maxTokens);
}

function plus(a: Worst, b: Worst): Worst {
  return { count: a.count + b.count, calls: a.calls + b.calls, costUsd: a.costUsd + b.costUsd };
}

function isSame(a: Worst, b: Worst): boolean {
  return a.count === b.count && a.calls === b.calls && a.costUsd === b.costUsd;
}

function times(n: number, { count, calls, costUsd }: Worst): Worst {
  return { count: n * count, calls: n * calls, costUsd: n * costUsd };
}

function dearest(all: readonly Worst[]): Worst {
  return {
    count: Math.max(0, ...all.map(({ count }) => count)),
    calls: Math.max(0, ...all.map(({ calls }) => calls)),
    costUsd: Math.max(0, ...all.map(({ costUsd }) => costUsd)),
  };
}
