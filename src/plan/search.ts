import { AUTO_PROVIDER } from "./provider-name.ts";
import { modelsOf, modelsOfStage } from "./step-digest.ts";
import { teamOfStep } from "./team.ts";
import type { Plan, PlannedModel } from "./types.ts";

/** How often a model of Anthropic's may search in one call. */
export const MOST_SEARCHES = 3;

/** What one search of Anthropic's costs, USD, beside the tokens that it brings: platform.claude.com/docs/en/about-claude/pricing, 2026-11. */
export const SEARCH_USD = 0.01;

/** What searches may add to the input of a call, in tokens: after each of them the model reads a window of 200,000 at most. */
export const SEARCH_TOKENS = MOST_SEARCHES * 200_000;

/** Whether a model's provider searches the web for it. Of `auto` that is known when it is chosen. */
export function searchesItself({ provider }: PlannedModel): boolean {
  return provider === "anthropic" || provider === AUTO_PROVIDER;
}

/** Models that would be asked to search the web, and cannot: a sentence for each. For when `auto` is chosen. */
export function blindModels(plan: Plan): readonly string[] {
  const blind = new Set<string>();
  for (const { steps } of plan.scopes) {
    for (const step of steps) {
      const searching = teamOfStep(plan, step).filter((name) => plan.agents[name]?.tools?.search === "provider");
      if (searching.length === 0) continue;
      const own = searching.flatMap((name) => plan.agents[name]?.models ?? []);
      const stages = step.fallback.flatMap((stage) => modelsOfStage(plan, step, stage));
      for (const { provider, id } of [...own, ...modelsOf(plan, step), ...stages])
        if (provider !== "anthropic") blind.add(`step '${step.id}' may search the web, and ${id} cannot`);
    }
  }
  return [...blind].map((why) => `${why}: export MUSTER_SEARCH_URL, or take a model of Anthropic's`);
}
