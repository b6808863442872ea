import { autoNames } from "./provider-name.ts";
import type { NormalManifest, NormalModel } from "../manifest/normal.ts";
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

/** The manifest as if it named the chosen models. The error names an alias that it does not have. */
export function chooseModels(manifest: NormalManifest, choice: ModelChoice): Result<NormalManifest, string> {
  const models: { [alias: string]: readonly NormalModel[] } = { ...manifest.models };
  for (const [alias, id] of Object.entries(choice.aliases)) {
    const known = manifest.models[alias]?.[0];
    if (known === undefined || !Object.hasOwn(manifest.models, alias)) {
      const near = suggest(alias, Object.keys(manifest.models));
      return err(
        `--model ${alias}=${id}: the workflow has no model '${alias}'${near === null ? "" : `; did you mean '${near}'?`}`,
      );
    }
    models[alias] = [{ ...bare(known), model: { ...known.model, name: id } }];
  }
  if (choice.all === null) return ok({ ...manifest, models });
  const chosen = (pointer: readonly (string | number)[]) => [{ name: choice.all as string, pointer }];
  const agents = Object.entries(manifest.agents).map(
    ([name, agent]) => [name, { ...agent, model: chosen(["agents", name]) }] as const,
  );
  const steps = manifest.steps.map((step) =>
    step.body.kind === "agent" && step.body.model !== null
      ? { ...step, body: { ...step.body, model: chosen(step.pointer) } }
      : step,
  );
  return ok({ ...manifest, models, agents: Object.fromEntries(agents), steps });
}

/** Address, key and price belong to the model that was written, not to the one that was chosen. */
function bare(model: NormalModel): NormalModel {
  return { ...model, baseUrl: null, apiKeySecret: null, price: null };
}
