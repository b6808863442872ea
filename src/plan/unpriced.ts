import { priceOf } from "./price/price.ts";
import { AUTO_PROVIDER, isDriver } from "./provider-name.ts";
import { modelsOf, modelsOfStage } from "./step-digest.ts";
import { reachedBy, teamOf } from "./team.ts";
import { agentsOf, workersOf, type Plan, type PlannedModel, type PlannedScope, type PlannedStep } from "./types.ts";

/** A model that may be asked under a budget in USD, and whose price nobody knows. */
export interface Unpriced {
  readonly model: PlannedModel;
  /** The agent that would ask it, by its name in the plan. */
  readonly agent: string;
}

/**
 * The models of a step whose calls no budget in USD can count: no price, and the agent assumes none. What `auto`
 * stands for is not known yet. `isCounted`: a budget around the step is in USD; the agent's own is looked at here.
 */
export function unpricedOf(plan: Pick<Plan, "agents">, step: PlannedStep, isCounted: boolean): readonly Unpriced[] {
  const { body } = step;
  if (body.kind !== "agent") return [];
  const isBound = (name: string): boolean =>
    isInUsd(plan.agents[name]?.budget) || reachedBy(plan.agents, name).length > 0;
  if (!isCounted && !workersOf(step).some(isBound)) return [];
  const whole = plan as Plan;
  const stages = [
    ...agentsOf(body).map((agent) => ({
      agent,
      models: body.choice === undefined ? modelsOf(whole, step) : (body.models ?? plan.agents[agent]?.models ?? []),
    })),
    ...step.fallback.map((stage) => ({
      agent: stage.agent ?? body.agent ?? "",
      models: modelsOfStage(whole, step, stage),
    })),
  ];
  const children = teamOf(
    plan.agents,
    workersOf(step).flatMap((name) => reachedBy(plan.agents, name)),
  ).map((agent) => ({ agent, models: plan.agents[agent]?.models ?? [] }));
  // What a leader may name for a child is named by one of those whom it may start.
  return [...stages, ...children].flatMap(({ agent, models }) => {
    const { budget, assumeUsd } = plan.agents[agent] ?? {};
    if (assumeUsd !== undefined || !(isCounted || isInUsd(budget))) return [];
    return models.filter(hasNoPrice).map((model) => ({ model, agent }));
  });
}

/** The models of a whole plan that a budget in USD cannot count, each once: also those that `auto` turned out to be. */
export function unpricedIn(plan: Plan): readonly Unpriced[] {
  const found = new Map<string, Unpriced>();
  const seen = new Set<string>();
  const visit = (scope: PlannedScope, index: number, around: boolean): void => {
    const { steps, workflow } = scope;
    const isCounted = around || isInUsd(workflow?.budget);
    if (seen.has(`${index} ${isCounted}`)) return;
    seen.add(`${index} ${isCounted}`);
    for (const step of steps) {
      for (const one of unpricedOf(plan, step, isCounted)) found.set(`${one.agent} ${one.model.id}`, one);
      if (step.body.kind !== "steps" && step.body.kind !== "uses") continue;
      const inner = plan.scopes[step.body.scope];
      if (inner !== undefined) visit(inner, step.body.scope, isCounted);
    }
  };
  const [top] = plan.scopes;
  if (top !== undefined) visit(top, 0, isInUsd(plan.limits.budget));
  return [...found.values()];
}

/** The budget bounds dollars. */
export function isInUsd(budget: { readonly usd: number | null } | null | undefined): boolean {
  return typeof budget?.usd === "number";
}

function hasNoPrice(model: PlannedModel): boolean {
  return model.provider !== AUTO_PROVIDER && priceOf(model.id, model.price) === null;
}

/** What to do about it, for messages. */
export function priceHelp({ agent, model }: Unpriced): string {
  const name = agent.split("#").at(-1) ?? agent;
  const first = isDriver(model.provider)
    ? "say what one answer of the program costs at most: "
    : "give the model a `price` under `models`, or say what a call of it costs at most: ";
  return `${first}agents.${name}.assume: { usd: 0.50 }`;
}
