import type { Problems } from "../problems.ts";
import { agentsOf, type Plan, type PlannedScope } from "../types.ts";
import type { ParsedStep } from "./parse-templates.ts";

/** Reports the steps that name a model for an agent that is a program, in any of their stages. */
export function checkDrivers(
  steps: readonly ParsedStep[],
  scope: PlannedScope,
  agents: Plan["agents"],
  problems: Problems,
): void {
  for (const [index, { body, fallback, id }] of scope.steps.entries()) {
    if (body.kind !== "agent") continue;
    const { step } = steps[index] as ParsedStep;
    const programOf = (names: readonly string[]): string | undefined =>
      names
        .find((name) => agents[name]?.driver !== undefined)
        ?.split("#")
        .at(-1);
    const say = (pointer: ParsedStep["step"]["pointer"], name: string | undefined): void => {
      if (name === undefined) return;
      problems.error(pointer, {
        code: "WF2015",
        message: `step '${id}' names a model, and its agent '${name}' is a program`,
        help: "take `model` out, or name an agent that a model answers for",
        piece: "key",
      });
    };
    const own = step.handoff?.[0]?.pointer ?? step.pointer;
    if (body.models !== null || body.modelsByItem !== null) say([...own, "model"], programOf(agentsOf(body)));
    for (const [stage, { agent, models }] of fallback.entries()) {
      const pointer = step.fallback[stage]?.models?.[0]?.pointer;
      if (models !== null && pointer !== undefined) say(pointer, programOf(agent === null ? agentsOf(body) : [agent]));
    }
  }
}
