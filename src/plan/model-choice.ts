import { autoNames } from "./provider-name.ts";
import type { Named, NormalManifest, NormalModel, NormalStep } from "../manifest/normal.ts";
import type { Pointer } from "../manifest/pointer.ts";
import { suggest } from "../diagnostic/suggest.ts";
import { err, ok, type Result } from "../util/result.ts";

/** What `--model` says: one model for all agents, or other models behind aliases. */
export interface ModelChoice {
  readonly all: string | null;
  readonly aliases: { readonly [alias: string]: string };
}

export const noChoice: ModelChoice = { all: null, aliases: {} };

/** Reads the values of `--model`: `PROVIDER/MODEL` or `ALIAS=PROVIDER/MODEL`. The error is a sentence. */
export function parseModelChoice(values: readonly string[]): Result<ModelChoice, string> {
  let all: string | null = null;
  const aliases: { [alias: string]: string } = {};
  for (const value of values) {
    const sign = value.indexOf("=");
    const id = value.slice(sign + 1);
    if (!id.includes("/") && !(autoNames as readonly string[]).includes(id))
      return err(`--model ${value}: a model is written PROVIDER/MODEL, e.g. anthropic/claude-haiku-5-5`);
    if (sign >= 0) aliases[value.slice(0, sign)] = id;
    else if (all !== null) return err("--model: only one model can stand for all agents");
    else all = id;
  }
  return ok({ all, aliases });
}

/** A sentence about an alias that none of the manifests has; null when there is none. */
export function unknownAlias(choice: ModelChoice, manifests: readonly NormalManifest[]): string | null {
  const known = new Set(manifests.flatMap(({ models }) => Object.keys(models)));
  for (const [alias, id] of Object.entries(choice.aliases)) {
    if (known.has(alias)) continue;
    const near = suggest(alias, [...known]);
    return `--model ${alias}=${id}: the workflow has no model '${alias}'${near === null ? "" : `; did you mean '${near}'?`}`;
  }
  return null;
}

/** The manifest as if it named the chosen models. Aliases that it does not have are another manifest's. */
export function chooseModels(manifest: NormalManifest, choice: ModelChoice): NormalManifest {
  const models: { [alias: string]: readonly NormalModel[] } = { ...manifest.models };
  for (const [alias, id] of Object.entries(choice.aliases)) {
    const known = Object.hasOwn(manifest.models, alias) ? manifest.models[alias]?.[0] : undefined;
    if (known === undefined) continue;
    models[alias] = [{ ...bare(known), model: { ...known.model, name: id } }];
  }
  if (choice.all === null) return { ...manifest, models };
  const chosen = (pointer: Pointer): readonly Named[] => [{ name: choice.all as string, pointer }];
  const agents = Object.entries(manifest.agents).map(
    ([name, agent]) => [name, agent.driver === null ? { ...agent, model: chosen(["agents", name]) } : agent] as const,
  );
  return {
    ...manifest,
    models,
    agents: Object.fromEntries(agents),
    steps: manifest.steps.map((step) => withModel(step, chosen)),
  };
}

/** The step with the chosen model wherever it names one. */
function withModel(step: NormalStep, chosen: (pointer: Pointer) => readonly Named[]): NormalStep {
  const { body } = step;
  const fallback = step.fallback.map((stage) =>
    // A person among the stages asks none.
    stage.models === null || stage.models.length === 0 ? stage : { ...stage, models: chosen(step.pointer) },
  );
  if (body.kind === "steps")
    return { ...step, body: { ...body, steps: body.steps.map((inner) => withModel(inner, chosen)) } };
  if (body.kind !== "agent" || (body.model === null && body.modelKey === null)) return { ...step, fallback };
  return { ...step, fallback, body: { ...body, model: chosen(step.pointer), modelKey: null } };
}

/** Address, key and price belong to the model that was written, not to the one that was chosen. */
function bare(model: NormalModel): NormalModel {
  return { ...model, baseUrl: null, apiKeySecret: null, price: null };
}
