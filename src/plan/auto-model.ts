import { changedPlan } from "./plan-digest.ts";
import { AUTO_PROVIDER, type ProviderName } from "./provider-name.ts";
import { modelsOf, modelsOfStage } from "./step-digest.ts";
import { modelsOfChildren } from "./team.ts";
import { workersOf, type Plan, type PlannedAgent, type PlannedModel } from "./types.ts";

/** What `auto` means in a run: found before it starts, frozen with it, and kept in its recording. */
export interface AutoChoice {
  /** Why it was chosen, for people: "ANTHROPIC_API_KEY is set". */
  readonly because: string;
  readonly provider: ProviderName;
  /** null = the provider's own. */
  readonly baseUrl: string | null;
  /** The models behind `auto`, `auto/fast` and `auto/strong`, without the provider's prefix. */
  readonly models: { readonly default: string; readonly fast: string; readonly strong: string };
}

/** The kinds of `auto` that steps of the plan ask for, each once, as they are written; empty = none. */
export function autosOf(plan: Plan): readonly string[] {
  const asked = plan.scopes.flatMap((scope) =>
    scope.steps.flatMap((step) => [
      ...modelsOf(plan, step),
      ...step.fallback.flatMap((stage) => modelsOfStage(plan, step, stage)),
      ...modelsOfChildren(plan.agents, workersOf(step)),
    ]),
  );
  return [...new Set(asked.filter(isAuto).map(({ id }) => id))].sort();
}

/** The model that `auto`, `auto/fast` or `auto/strong` is under a choice, as `provider/model`. */
export function autoModelId(choice: AutoChoice, id: string): string {
  const [, tier = "default"] = id.split("/");
  return `${choice.provider}/${choice.models[tier as keyof AutoChoice["models"]]}`;
}

/** The plan as if it named the models of the choice; equal plans and choices give equal plans. */
export function withAutoModels(plan: Plan, choice: AutoChoice): Plan {
  const resolve = (model: PlannedModel): PlannedModel => {
    if (!isAuto(model)) return model;
    const id = autoModelId(choice, model.id);
    const { provider, baseUrl } = choice;
    return { ...model, id, provider, model: id.slice(provider.length + 1), baseUrl };
  };
  const toolsOf = ({ tools }: PlannedAgent): Pick<PlannedAgent, "tools"> => {
    if (tools?.spawn === undefined) return {};
    const models = Object.entries(tools.spawn.models).map(([name, each]) => [name, each.map(resolve)] as const);
    return { tools: { ...tools, spawn: { ...tools.spawn, models: Object.fromEntries(models) } } };
  };
  const agents = Object.entries(plan.agents).map(
    ([name, agent]) => [name, { ...agent, ...toolsOf(agent), models: agent.models.map(resolve) }] as const,
  );
  const chain = (models: readonly PlannedModel[] | null) => models?.map(resolve) ?? null;
  const scopes = plan.scopes.map((scope) => ({
    ...scope,
    steps: scope.steps.map(({ body, ...step }) => ({
      ...step,
      fallback: step.fallback.map((stage) => ({ ...stage, models: chain(stage.models) })),
      body:
        body.kind === "agent"
          ? {
              ...body,
              models: chain(body.models),
              modelsByItem: body.modelsByItem?.map((each) => each.map(resolve)) ?? null,
            }
          : body,
    })),
  }));
  return changedPlan(plan, { agents: Object.fromEntries(agents), scopes });
}

function isAuto({ provider }: PlannedModel): boolean {
  return provider === AUTO_PROVIDER;
}
