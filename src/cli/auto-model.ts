import { resolveAuto as resolveFor, type AutoOptions } from "../library/auto.ts";
import type { AutoChoice } from "../plan/auto-model.ts";
import type { Plan } from "../plan/types.ts";
import { UsageError } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

/**
 * The plan with the models that `auto` is, and says on stderr what they are. Where nothing is found: UsageError with
 * the ways on.
 */
export async function resolveAuto(
  plan: Plan,
  options: AutoOptions,
  terminal: Terminal,
): Promise<{ readonly plan: Plan; readonly auto: AutoChoice | null }> {
  const resolved = await resolveFor(plan, options, terminal.env);
  if (!resolved.ok) throw new UsageError(resolved.error);
  if (resolved.value.told !== null) terminal.err(`model: ${resolved.value.told}\n`);
  return resolved.value;
}
