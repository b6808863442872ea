import type { NormalManifest } from "../../manifest/normal.ts";
import type { NormalBudget } from "../../manifest/pressure.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import type { WorkflowFile } from "../load-workflows.ts";
import type { Problems } from "../problems.ts";
import type { Plan, PlannedStep } from "../types.ts";
import { isInUsd, priceHelp, unpricedOf } from "../unpriced.ts";
import type { ParsedStep } from "./parse-templates.ts";

/** A step as it stands in its file and in the plan. */
export interface BuiltStep {
  readonly file: WorkflowFile;
  readonly parsed: ParsedStep;
  readonly planned: PlannedStep;
}

/** Reports budgets that bound nothing, and what a breaker says in vain. */
export function checkLimits(manifest: NormalManifest, problems: Problems): void {
  const budgets: [Pointer, NormalBudget | null][] = [
    [["limits", "budget"], manifest.limits.budget],
    ...Object.entries(manifest.agents).map(([name, { budget }]): [Pointer, NormalBudget | null] => [
      ["agents", name, "budget"],
      budget,
    ]),
  ];
  for (const [pointer, budget] of budgets) {
    if (budget === null || budget.usd !== null || budget.tokens !== null || budget.calls !== null) continue;
    problems.error(pointer, {
      code: "WF3071",
      message: "this budget bounds nothing",
      help: "say how much: `usd`, `tokens` or `calls`",
    });
  }
  const { breaker } = manifest.limits;
  if (breaker?.scope === "run" && breaker.hasCooldown) {
    problems.warn(["limits", "circuit_breaker", "cooldown"], {
      code: "WF3072",
      message: "`cooldown` says nothing where the whole run is counted: the run fails when the breaker opens",
      help: "write `scope: model` or `scope: agent`, or take it away",
    });
  }
}

/** Reports the models that a budget in USD cannot count, each once a file. */
export function checkPrices(plan: Pick<Plan, "agents">, top: WorkflowFile, steps: readonly BuiltStep[]): void {
  const counted = countedFiles(top);
  const told = new Set<string>();
  for (const { file, parsed, planned } of steps) {
    for (const unpriced of unpricedOf(plan, planned, counted.has(file))) {
      const { agent, model } = unpriced;
      const key = `${file.path} ${model.id}`;
      if (told.has(key)) continue;
      told.add(key);
      file.problems.error(placeOf(file.manifest, parsed, agent.split("#").at(-1) ?? agent, model.id), {
        code: "WF3070",
        message: `a budget in USD counts the calls of '${model.id}', and its price is not known`,
        help: priceHelp(unpriced),
      });
    }
  }
}

/** The files whose calls a budget in USD counts: their own, or that of a workflow that uses them. */
function countedFiles(top: WorkflowFile): ReadonlySet<WorkflowFile> {
  const counted = new Set<WorkflowFile>();
  const seen = new Set<WorkflowFile>();
  const visit = (file: WorkflowFile, isAround: boolean): void => {
    const isCounted = isAround || isInUsd(file.manifest.limits.budget);
    if (counted.has(file) || (!isCounted && seen.has(file))) return;
    seen.add(file);
    if (isCounted) counted.add(file);
    for (const used of file.uses.values()) if (used !== null) visit(used, isCounted);
  };
  visit(top, false);
  return counted;
}

/** Where the model of a step comes from: the step, a stage of it, its agent, the defaults. */
function placeOf(manifest: NormalManifest, { step }: ParsedStep, agent: string, id: string): Pointer {
  const { body, fallback, pointer } = step;
  const isMatrix = body.kind === "agent" && body.agent === agent && body.modelKey !== null;
  const chains = [
    body.kind === "agent" ? body.model : null,
    ...fallback.map((stage) => stage.models),
    manifest.agents[agent]?.model ?? null,
    manifest.defaultModel,
  ];
  const named = chains
    .flatMap((chain) => chain ?? [])
    .find(({ name }) => leadsTo(manifest.models, name, id, new Set()));
  return named?.pointer ?? (isMatrix ? [...pointer, "model"] : ["agents", agent]);
}

/** Whether a name is this model, or an alias of it. */
function leadsTo(models: NormalManifest["models"], name: string, id: string, seen: Set<string>): boolean {
  if (name === id) return true;
  if (seen.has(name) || !Object.hasOwn(models, name)) return false;
  seen.add(name);
  return (models[name] ?? []).some((entry) => leadsTo(models, entry.model.name, id, seen));
}
