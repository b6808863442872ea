import type { Problems } from "../problems.ts";
import { modelsOf, modelsOfStage } from "../step-digest.ts";
import { workersOf, type Plan, type PlannedScope } from "../types.ts";
import type { ParsedStep } from "./parse-templates.ts";

/** Who has a batch endpoint that is spoken here. */
const PROVIDERS: ReadonlySet<string> = new Set(["anthropic"]);

/** Reports the steps that go through the batch API and may ask a model, in any of their stages, that has none. */
export function checkBatchApi(
  steps: readonly ParsedStep[],
  scope: PlannedScope,
  agents: Plan["agents"],
  problems: Problems,
): void {
  for (const [index, step] of scope.steps.entries()) {
    if (step.body.kind !== "agent" || step.body.batchApi !== true) continue;
    const pointer = steps[index]?.step.pointer ?? [];
    const withTools = workersOf(step).find((name) => agents[name]?.tools !== undefined);
    if (withTools !== undefined) {
      problems.error([...pointer, "batch_api"], {
        code: "WF7004",
        message: `step '${step.id}' goes through the batch API, and its agent '${withTools}' has tools`,
        help: "each turn could take a day: take `batch_api` out, or give the step an agent without tools",
      });
      continue;
    }
    const models = [
      modelsOf({ agents }, step),
      ...step.fallback.map((stage) => modelsOfStage({ agents }, step, stage)),
    ];
    const other = models.flat().find(({ provider }) => !PROVIDERS.has(provider));
    if (other === undefined) continue;
    const isAuto = other.provider === "auto";
    problems.error([...pointer, "batch_api"], {
      code: "WF3041",
      message: isAuto
        ? `step '${step.id}' goes through the batch API, and its model is left to '${other.id}'`
        : `step '${step.id}' goes through the batch API, and ${other.id} has none`,
      help: isAuto
        ? "name a model of Anthropic: what `auto` finds may have no batch API"
        : "take a model of Anthropic, or take `batch_api` out",
    });
  }
}
