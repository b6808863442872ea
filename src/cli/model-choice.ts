import { parseModelChoice, type ModelChoice } from "../plan/model-choice.ts";
import { UsageError } from "./exit-code.ts";

/** The values of `--model`; UsageError when one is none. */
export function modelChoice(values: readonly string[]): ModelChoice {
  const choice = parseModelChoice(values);
  if (!choice.ok) throw new UsageError(choice.error);
  return choice.value;
}
