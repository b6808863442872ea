import { formatDuration } from "../../util/duration.ts";
import type { Estimate, StepEstimate } from "../estimate.ts";
import type { ModelEstimate } from "../ledger.ts";
import { modelsOf, modelsOfStage } from "../step-digest.ts";
import type {
  NeedGroup,
  Plan,
  PlannedCache,
  PlannedFan,
  PlannedPattern,
  PlannedScope,
  PlannedStep,
  PlannedWorkspace,
} from "../types.ts";
import { asText, type Json } from "../../util/json.ts";
import { formatCost, formatCount, formatPrice } from "./format.ts";
import { agentName, nameOf } from "./name.ts";

/** `agent researcher, 3 items, 2 at once, up to 3 attempts each, goes on with 2`. */
export function headline(plan: Plan, step: PlannedStep, sums: StepEstimate): string {
  const parts = [nameOf(plan, step), ...variantText(plan, step)];
  if (step.fan !== null) {
    const { join, maxParallel } = step.fan;
    if (sums.isTooLarge) parts.push(`more items than max_items ${formatCount(step.fan.maxItems)}: it will fail`);
    else parts.push(fanText(step.fan, sums));
    if (step.body.kind === "agent" && step.body.batchApi === true) parts.push("through the batch API");
    if (maxParallel !== null) parts.push(`${formatCount(maxParallel)} at once`);
    if (join.kind === "at_least") parts.push(`goes on with ${formatCount(join.count)}`);
    if (join.kind === "any") parts.push("the first success wins");
    if (join.kind === "settled") parts.push("goes on with whatever succeeded");
  }
  if (step.retry.maxAttempts > 1 && step.body.kind !== "value")
    parts.push(`up to ${formatCount(step.retry.maxAttempts)} attempts`);
  if (step.body.kind === "approval" && step.body.timeoutMs !== null)
    parts.push(`${formatDuration(step.body.timeoutMs)} at most`);
  if (step.repeat !== null) parts.push(`up to ${count(step.repeat.max, "round")}`);
  if (step.workspace !== "repo") parts.push(workspaceText(step.workspace));
  if (step.onError.kind === "continue") parts.push("may fail");
  if (step.onError.kind === "output") parts.push("has an output for its failure");
  if (step.isFinally) parts.push("in any case");
  return parts.join(", ");
}

/** `a variant for 50% of the runs`, `the chosen variant`; nothing for other steps. */
function variantText({ variants = [], variant }: Plan, { id }: PlannedStep): string[] {
  const own = variants.find(({ name }) => name === id);
  if (own === undefined) return [];
  if (variant === id) return ["the chosen variant"];
  const total = variants.reduce((sum, { weight }) => sum + weight, 0);
  return [`a variant for ${Math.round((own.weight / total) * 1000) / 10}% of the runs`];
}

function workspaceText(workspace: Exclude<PlannedWorkspace, "repo">): string {
  if (workspace === "isolated") return "in a folder of its own";
  return workspace === "worktree" ? "in a git worktree of its own" : `in ${workspace.path}/`;
}

/** Paths as they are written: `out/a.txt, items/{{ item }}.md`. */
export function pathsText(patterns: readonly PlannedPattern[]): string {
  return patterns.map(({ path }) => (path.kind === "text" ? path.source : asText(valueOfLiteral(path)))).join(", ");
}

function valueOfLiteral(path: PlannedPattern["path"]): Json {
  return path.kind === "literal" ? path.value : null;
}

/** What names the outcome of a cached step, and how long it is reused: `by inputs.day, for 7d`. */
export function cacheText({ key, ttlMs }: PlannedCache): string {
  const by = key === null ? "by all that it reads" : `by ${key.kind === "cel" ? key.source : ""}`;
  return ttlMs === null ? by : `${by}, for ${formatDuration(ttlMs)}`;
}

/** `3 items`, `a list, at most 1,000 items`, `4 combinations`, `files, at most 1,000 items in batches of 10`. */
function fanText(fan: PlannedFan, { units, isSizeKnown }: StepEstimate): string {
  if (fan.variable === "matrix") return count(units.ceiling, "combination");
  const what = fan.glob === null ? "a list" : "files";
  if (fan.batch === null)
    return isSizeKnown ? count(units.ceiling, "item") : `${what}, at most ${count(units.ceiling, "item")}`;
  const most = isSizeKnown
    ? count(fan.size ?? units.ceiling * fan.batch.size, "item")
    : `${what}, at most ${count(fan.maxItems, "item")}`;
  return `${most} in batches of ${formatCount(fan.batch.size)}`;
}

/** The stages after a step's own: `then model a/b, then agent c`. Empty where there are none. */
export function fallbackText(plan: Plan, step: PlannedStep): string {
  const stages = step.fallback.map((stage, index) => {
    if ((step.handoff?.[index + 1]?.approval ?? null) !== null) return "a person";
    const models = modelsOfStage(plan, step, stage).map(({ id }) => id);
    return stage.agent === null
      ? models.join(", then ")
      : `agent ${agentName(stage.agent)} (${models.join(", then ")})`;
  });
  return stages.join(", then ");
}

/** The models of the first stage: a chain, or each of those that the matrix or the chosen agent brings. */
export function modelText(plan: Plan, step: PlannedStep): string {
  const models = modelsOf(plan, step).map(({ id }) => id);
  const isChoice = step.body.kind === "agent" && (step.body.modelsByItem !== null || step.body.choice !== undefined);
  return models.join(isChoice ? ", " : ", then ");
}

/** `a, b`, `any of a, b` or `2 of a, b, c`. */
export function needText(group: NeedGroup, scope: PlannedScope): string {
  const names = group.of.map((index) => scope.steps[index]?.id ?? "").join(", ");
  if (group.required === group.of.length) return names;
  return group.required === 1 ? `any of ${names}` : `${formatCount(group.required)} of ${names}`;
}

/** `anthropic/m $1.00 in, $5.00 out; $2.00 in, $10.00 out above 200,000 tokens`. */
export function priceText({ id, price }: ModelEstimate): string {
  if (price === null) return `price unknown: ${id}`;
  const rates = ({ input, output }: { input: number; output: number }): string =>
    `${formatPrice(input)} in, ${formatPrice(output)} out`;
  const long = price.longPrompt;
  const more = long === null ? "" : `; ${rates(long)} above ${formatCount(long.aboveTokens)} tokens`;
  return `${id} ${rates(price)}${more}`;
}

/** The bounds of the cost, and what is not in them. */
export function costText(estimate: Estimate): string {
  if (estimate.costUsd === null) return "unknown, since no model has a known price";
  const parts = [formatCost(estimate.costUsd)];
  if (estimate.unpriced.length > 0) parts.push(`the calls of ${estimate.unpriced.join(", ")} (price unknown)`);
  if (estimate.unknownInput.length > 0) {
    parts.push(`input of unknown size: ${estimate.unknownInput.join(", ")}`);
  }
  return parts.join(", plus ");
}

/** The bounds of the cost of a step that asks models: `up to $0.01 plus what a/b costs`, `price unknown`. */
export function stepCostText({ costUsd, unpriced }: StepEstimate): string {
  if (costUsd === null) return "price unknown";
  if (unpriced.length === 0) return formatCost(costUsd);
  const known = formatCost(costUsd).replace(/^\$0 to /, "up to ");
  return `${known} plus what ${unpriced.join(" and ")} cost${unpriced.length === 1 ? "s" : ""}`;
}

/** `1 item`, `1,000 items`. */
export function count(number: number, unit: string): string {
  return `${formatCount(number)} ${unit}${number === 1 ? "" : "s"}`;
}
