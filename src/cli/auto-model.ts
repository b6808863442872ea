import { findAuto } from "../compose/auto.ts";
import { autoModelId, autosOf, withAutoModels, type AutoChoice } from "../plan/auto-model.ts";
import type { Plan } from "../plan/types.ts";
import { UsageError } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

export interface AutoOptions {
  /** What `auto` was before: in the run that goes on, or in the recording that answers. null = nobody knows. */
  readonly known: AutoChoice | null;
  /** Models are really asked. Otherwise `auto` may stay what it is, and nothing is looked for. */
  readonly isLive: boolean;
}

/**
 * The plan with the models that `auto` is, and says on stderr what they are. Where nothing is found: UsageError with
 * the ways on.
 */
export async function resolveAuto(
  plan: Plan,
  { known, isLive }: AutoOptions,
  terminal: Terminal,
): Promise<{ readonly plan: Plan; readonly auto: AutoChoice | null }> {
  const autos = autosOf(plan);
  if (autos.length === 0) return { plan, auto: known };
  if (known === null && !isLive) return { plan, auto: null };
  const found = known === null ? await findAuto(terminal.env) : null;
  if (found !== null && !found.ok) throw new UsageError(found.error);
  const auto = known ?? (found as { readonly value: AutoChoice }).value;
  const names = autos.map((name) => `${name} = ${autoModelId(auto, name)}`).join(", ");
  terminal.err(`model: ${names} (${known === null ? auto.because : "as before"})\n`);
  return { plan: withAutoModels(plan, auto), auto };
}
