import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { Template } from "../expression/template.ts";
import type { Document } from "../manifest/document.ts";
import type { NormalManifest } from "../manifest/normal.ts";
import { digestOf } from "../util/digest.ts";
import type { Json } from "../util/json.ts";
import { err, ok, type Result } from "../util/result.ts";
import { checkCycles } from "./passes/check-cycles.ts";
import { checkExpressions } from "./passes/check-expressions.ts";
import { checkFans } from "./passes/check-fans.ts";
import { checkUnused } from "./passes/check-unused.ts";
import { findEdges } from "./passes/edges.ts";
import { parseTemplates } from "./passes/parse-templates.ts";
import { planStep } from "./passes/plan-steps.ts";
import { checkAgents, resolveAgents, type AgentModels } from "./passes/resolve-agents.ts";
import { Models } from "./passes/resolve-models.ts";
import { Scopes } from "./passes/scopes.ts";
import { shapesOf } from "./passes/step-shapes.ts";
import { Problems } from "./problems.ts";
import type { Plan, PlannedAgent } from "./types.ts";

/**
 * Builds the plan of a manifest in passes, or tells all that is wrong with its names, graph and expressions at once,
 * in the order of the file. `document` is where the manifest came from and serves to find places only.
 *
 * Equal manifests give equal plans and digests, whatever their comments, spelling and order of keys; only the order
 * of the steps counts, since it decides which of two ready steps starts first and what the numbers in a plan mean.
 */
export function buildPlan(
  document: Document,
  manifest: NormalManifest,
): Result<{ readonly plan: Plan; readonly warnings: readonly Diagnostic[] }, readonly Diagnostic[]> {
  const problems = new Problems(document);
  const parsed = parseTemplates(manifest, problems);

  const models = new Models(manifest, problems);
  const agentModels = resolveAgents(manifest, models);
  checkAgents(manifest, problems);

  checkExpressions(manifest, parsed, new Scopes(manifest, shapesOf(manifest, parsed)), problems);
  const edges = findEdges(parsed.steps, problems);
  checkCycles(parsed.steps, edges, problems);
  checkFans(parsed.steps, problems);

  const steps = parsed.steps.map((step, index) =>
    planStep(step, edges[index] ?? { groups: [], places: new Map() }, manifest, models, problems),
  );
  const errors = problems.of("error");
  if (errors.length > 0) return err(errors);

  checkUnused(manifest, parsed, problems);
  const { name, version, description, inputs, secrets, limits } = manifest;
  const content = {
    format: 1,
    workflow: { name, version, description },
    inputs,
    env: parsed.env,
    secrets: [...secrets].sort(),
    agents: plannedAgents(agentModels, parsed.instructions),
    limits,
    scopes: [{ steps, outputs: parsed.outputs }],
  } as const satisfies Omit<Plan, "digest">;
  return ok({ plan: { ...content, digest: digestOf(content as unknown as Json) }, warnings: problems.of("warning") });
}

function plannedAgents(
  agents: AgentModels,
  instructions: ReadonlyMap<string, Template | null>,
): { readonly [name: string]: PlannedAgent } {
  const planned = [...agents].map(([name, models]) => [name, { instructions: instructions.get(name) ?? null, models }]);
  return Object.fromEntries(planned) as { readonly [name: string]: PlannedAgent };
}
