import { findAuto } from "../compose/auto.ts";
import type { Environment } from "../compose/environment.ts";
import { autoModelId, autosOf, withAutoModels, type AutoChoice } from "../plan/auto-model.ts";
import type { Plan } from "../plan/types.ts";
import { err, ok, type Result } from "../util/result.ts";

export interface AutoOptions {
  /** What `auto` was before: in the run that goes on, or in the recording that answers. null = nobody knows. */
  readonly known: AutoChoice | null;
  /** Models are really asked. Otherwise `auto` may stay what it is, and nothing is looked for. */
  readonly isLive: boolean;
}

export interface ResolvedAuto {
  readonly plan: Plan;
  readonly auto: AutoChoice | null;
  /** What `auto` is and why, for people: "auto = ... (...)"; null = the plan had none, or it stays open. */
  readonly told: string | null;
}

/** The plan with the models that `auto` is. The error is what to do where nothing is found. */
export async function resolveAuto(
  plan: Plan,
  { known, isLive }: AutoOptions,
  env: Environment,
): Promise<Result<ResolvedAuto, string>> {
  const autos = autosOf(plan);
  if (autos.length === 0) return ok({ plan, auto: known, told: null });
  if (known === null && !isLive) return ok({ plan, auto: null, told: null });
  const found = known === null ? await findAuto(env) : ok(known);
  if (!found.ok) return err(found.error);
  const auto = found.value;
  const names = autos.map((name) => `${name} = ${autoModelId(auto, name)}`).join(", ");
  return ok({
    plan: withAutoModels(plan, auto),
    auto,
    told: `${names} (${known === null ? auto.because : "as before"})`,
  });
}
