import type { NormalBudget, NormalRates } from "../../manifest/pressure.ts";
import type { Plan, PlannedStep, PlannedSubWorkflow } from "../../plan/types.ts";
import { childAgentsOf } from "../attempt-key.ts";

/** A budget of a run, and what it belongs to. */
export interface BudgetPlace {
  /** Lasting: `run`, `agent:NAME`, or the name of the unit that uses a workflow (`review#1f0c9a.0`). */
  readonly id: string;
  /** For people: `the run`, `agent 'writer'`, `'review[2]'`. */
  readonly label: string;
  readonly budget: NormalBudget;
}

/** What holds for the calls of an attempt. */
export interface Pressure {
  /** The agent that the attempt is given to, by its name in the plan; null = none. */
  readonly agent: string | null;
  /** From the outside in, the agent's last, behind those of the agents that led to it. */
  readonly budgets: readonly BudgetPlace[];
  readonly rates: readonly NormalRates[];
}

/** Finds what holds where in a plan. */
export class Places {
  readonly #plan: Plan;
  /** Steps by id, for each scope that was asked for. */
  readonly #steps = new Map<number, ReadonlyMap<string, PlannedStep>>();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** There is a budget anywhere in the plan. */
  get hasBudgets(): boolean {
    const { limits, agents } = this.#plan;
    return [limits, ...Object.values(agents), ...this.#workflows()].some(({ budget }) => budget !== undefined);
  }

  /** There is a rate anywhere in the plan. */
  get hasRates(): boolean {
    return [this.#plan.limits, ...this.#workflows()].some(({ rates }) => rates !== undefined);
  }

  #workflows(): readonly PlannedSubWorkflow[] {
    return this.#plan.scopes.flatMap(({ workflow }) => workflow ?? []);
  }

  /** The budgets that are there in any run of the plan: its own, and those of its agents. */
  get lasting(): readonly BudgetPlace[] {
    const { limits, agents } = this.#plan;
    const run = limits.budget === undefined ? [] : [runPlace(limits.budget)];
    const own = Object.entries(agents).flatMap(([name, { budget }]) =>
      budget === undefined ? [] : [agentPlace(name, budget)],
    );
    return [...run, ...own];
  }

  /**
   * What holds for an attempt, by its lasting name (attempt-key.ts) or that of anything in it. `path` names it for
   * people; left out, items are not told apart. What is no longer in the plan counts for the run, and what of the way
   * to it still is. `chosen` is the agent where that is chosen in the run, by its name in the plan.
   */
  at(key: string, path: string | null = null, chosen: string | null = null): Pressure {
    const { limits, agents } = this.#plan;
    const budgets: BudgetPlace[] = [];
    const rates: NormalRates[] = [];
    if (limits.budget !== undefined) budgets.push(runPlace(limits.budget));
    if (limits.rates !== undefined) rates.push(limits.rates);
    const parts = (key.split("/~", 1)[0] as string).split("/");
    const names = path?.split("/") ?? [];
    let scope = 0;
    let agent: string | null = null;
    for (let at = 0, depth = 0; at < parts.length; depth += 1) {
      const id = (parts[at] as string).split("#", 1)[0] as string;
      const stage = Number(parts[at + 1]?.split(".")[1] ?? 0);
      const unit = parts.slice(0, at + 1).join("/");
      at += 2;
      const step = this.#step(scope, id);
      if (step === undefined) break;
      if (step.body.kind === "agent") agent = agentOfStage(step, stage, chosen);
      if (step.body.kind !== "steps" && step.body.kind !== "uses") break;
      scope = step.body.scope;
      const workflow = this.#plan.scopes[scope]?.workflow ?? null;
      const label = `'${names.slice(0, depth + 1).join("/") || id}'`;
      if (workflow?.rates !== undefined) rates.push(workflow.rates);
      if (workflow?.budget !== undefined) budgets.push({ id: unit, label, budget: workflow.budget });
    }
    // Who was started by an agent spends of its budget too.
    const children = childAgentsOf(key);
    for (const name of new Set(agent === null ? children : [agent, ...children])) {
      const own = agents[name]?.budget;
      if (own !== undefined) budgets.push(agentPlace(name, own));
    }
    return { agent: children.at(-1) ?? agent, budgets, rates };
  }

  #step(scope: number, id: string): PlannedStep | undefined {
    let steps = this.#steps.get(scope);
    if (steps === undefined) {
      steps = new Map((this.#plan.scopes[scope]?.steps ?? []).map((step) => [step.id, step]));
      this.#steps.set(scope, steps);
    }
    return steps.get(id);
  }
}

function runPlace(budget: NormalBudget): BudgetPlace {
  return { id: "run", label: "the run", budget };
}

function agentPlace(name: string, budget: NormalBudget): BudgetPlace {
  return { id: `agent:${name}`, label: `agent '${name}'`, budget };
}

function agentOfStage({ body, fallback }: PlannedStep, stage: number, chosen: string | null): string | null {
  if (body.kind !== "agent") return null;
  return fallback[stage - 1]?.agent ?? (body.choice === undefined ? body.agent : chosen);
}
