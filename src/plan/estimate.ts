import { addressedBy } from "./team.ts";
import { canonicalJson } from "../util/canonical-json.ts";
import type { JsonObject } from "../util/json.ts";
import type { Template } from "../expression/template.ts";
import { noteChildren, worstChildren, type Worst } from "./child-estimate.ts";
import type { FanSize } from "./fan-size.ts";
import { topologicalOrder } from "./graph.ts";
import { Ledger, type AgentEstimate, type ModelEstimate } from "./ledger.ts";
import { costOf, worstCaseCost } from "./price/price.ts";
import type { Price } from "./price/rates.ts";
import { priceTableDate } from "./price/table.ts";
import type { Range } from "./range.ts";
import { bytesOf, leastBytesOf, Sizes } from "./size.ts";
import { modelsOf, modelsOfStage } from "./step-digest.ts";
import {
  EMPTY_SCOPE,
  agentsOf,
  type AgentBody,
  type Plan,
  type PlannedModel,
  type PlannedScope,
  type PlannedStep,
} from "./types.ts";

/** What a run of a plan can take, told before it starts. */
export interface Estimate {
  /** In the order of the file. */
  readonly steps: readonly StepEstimate[];
  readonly calls: Range;
  /** USD, without `unpriced` models and without `unknownInput`; null when the price of no model that may be asked is known. */
  readonly costUsd: Range | null;
  /** The agents that have a budget of their own, by name in the plan, in the order in which the plan first asks them. */
  readonly agents: readonly AgentEstimate[];
  /** Every model that may be asked, in the order in which the plan first names it. */
  readonly models: readonly ModelEstimate[];
  /** Ids of models whose price nobody knows: their calls are not in `costUsd`. */
  readonly unpriced: readonly string[];
  /** What prompts read whose size nothing bounds before the run, e.g. `steps.facts`: not in the ceiling. */
  readonly unknownInput: readonly string[];
  /** Inputs that were not given and count with their defaults. */
  readonly assumedInputs: readonly string[];
  /** The day of the price table, `YYYY-MM-DD`. */
  readonly priceTableDate: string;
}

export interface StepEstimate extends FanSize {
  readonly id: string;
  /** Of one unit around it. The floor is 0 for a step that may be skipped, too. */
  readonly units: Range;
  /** Calls of models, in all units of all that is around the step: 0 for steps that ask none. */
  readonly calls: Range;
  /** USD without `unpriced` models; null when the price of no model that it may ask is known. */
  readonly costUsd: Range | null;
  /** Ids of the models that it may ask and whose price nobody knows. */
  readonly unpriced: readonly string[];
  /** The steps inside of a group or a sub-workflow, whose calls and cost are in those of the step. */
  readonly steps: readonly StepEstimate[];
}

/** What a request adds to its texts: roles, field names, the frame of a structured output. Generous, in tokens. */
const FRAME_TOKENS = 512;

/** The prompt of the repair turn beside the schema and the reply that it shows. Generous, in tokens. */
const REPAIR_TOKENS = 4096;

/**
 * Bytes of prompt that one token stands for at most, for the floor. Prose has about 4, and runs of the same
 * character more; 8 keeps the floor under what ordinary prompts cost.
 */
const MOST_BYTES_A_TOKEN = 8;

/**
 * Calls and cost of a run of this plan. `inputs` are the values that are given; the others count with their defaults.
 * Ceiling: every unit of every step, each with all its rounds, stages, attempts, turns and models of the chain, each
 * call with its longest input and output; inside of groups and sub-workflows as often as these. A call that is lost in a crash and asked again is not in it.
 * Floor: all goes well. Only steps that surely run, one call a unit to the first model, the part of the prompt that
 * is there in any case, one token of output.
 */
export function estimate(plan: Plan, inputs: JsonObject = {}): Estimate {
  const known = { ...defaultsOf(plan), ...inputs };
  const ledger = new Ledger();
  const given = { inputs: known, sizes: new Map(), around: null, env: plan.env };
  const sizes = new Sizes(plan, plan.scopes[0] ?? EMPTY_SCOPE, given);
  const steps = estimateScope(plan, sizes, { floor: 1, ceiling: 1 }, ledger);
  return {
    steps,
    ...(plan.variants === undefined || plan.variant !== undefined ? totalOf(steps) : totalOfOne(plan, steps)),
    agents: ledger.agents(),
    models: ledger.models(),
    unknownInput: [...ledger.unknownInput],
    assumedInputs: Object.keys(known).filter((name) => !Object.hasOwn(inputs, name)),
    priceTableDate,
  };
}

function defaultsOf(plan: Plan): JsonObject {
  const optional = Object.entries(plan.inputs).filter(([, input]) => !input.required);
  return Object.fromEntries(optional.map(([name, input]) => [name, input.default]));
}

/** `times` is how often the scope is gone through. */
function estimateScope(plan: Plan, sizes: Sizes, times: Range, ledger: Ledger): StepEstimate[] {
  const certain = certainSteps(sizes.scope);
  return sizes.scope.steps.map((step, index) => {
    const fan = sizes.fans[index] as FanSize;
    // The cache may know all of it.
    const isSure = certain[index] === true && step.cache === undefined;
    const units = { floor: isSure ? fan.units.floor : 0, ceiling: fan.units.ceiling };
    const all = { floor: times.floor * units.floor, ceiling: times.ceiling * units.ceiling * roundsOf(step) };
    const common = { id: step.id, ...fan, units };
    if (step.body.kind !== "steps" && step.body.kind !== "uses") {
      return { ...common, ...callsOf(plan, step, all, sizes, ledger), steps: [] };
    }
    const inner = sizes.inside(index);
    if (inner === null) ledger.unknownInput.add(`what is inside of ${step.id}`);
    const attempts = { floor: all.floor, ceiling: all.ceiling * step.retry.maxAttempts };
    const steps = inner === null ? [] : estimateScope(plan, inner, attempts, ledger);
    return { ...common, ...totalOf(steps), steps };
  });
}

type Sums = Pick<StepEstimate, "calls" | "costUsd" | "unpriced">;

function totalOf(steps: readonly StepEstimate[]): Sums {
  const asking = steps.filter(({ calls }) => calls.ceiling > 0);
  const costs = asking.flatMap(({ costUsd }) => costUsd ?? []);
  return {
    calls: sumOf(asking.map(({ calls }) => calls)),
    costUsd: asking.length > 0 && costs.length === 0 ? null : sumOf(costs),
    unpriced: [...new Set(asking.flatMap(({ unpriced }) => unpriced))],
  };
}

/** A run takes one of the variants: the cheapest at least, the dearest at most; and what is done in any case. */
function totalOfOne(plan: Plan, steps: readonly StepEstimate[]): Sums {
  const names = new Set(plan.variants?.map(({ name }) => name));
  const [variants, others] = [steps.filter(({ id }) => names.has(id)), steps.filter(({ id }) => !names.has(id))];
  const between = (ranges: readonly Range[]): Range => ({
    // A variant without a known price costs nothing at least.
    floor: ranges.length < variants.length ? 0 : Math.min(...ranges.map(({ floor }) => floor)),
    ceiling: Math.max(...ranges.map(({ ceiling }) => ceiling)),
  });
  const rest = totalOf(others);
  const costs = variants.flatMap(({ costUsd }) => costUsd ?? []);
  const cost = costs.length === 0 ? null : between(costs);
  return {
    calls: sumOf([between(variants.map(({ calls }) => calls)), rest.calls]),
    costUsd: cost === null ? null : sumOf([cost, ...(rest.costUsd === null ? [] : [rest.costUsd])]),
    unpriced: [...new Set(steps.flatMap(({ unpriced }) => unpriced))],
  };
}

function sumOf(ranges: readonly Range[]): Range {
  const sum = { floor: 0, ceiling: 0 };
  for (const { floor, ceiling } of ranges) {
    sum.floor += floor;
    sum.ceiling += ceiling;
  }
  return sum;
}

function roundsOf({ repeat }: PlannedStep): number {
  return repeat?.max ?? 1;
}

/** Steps that run whenever nothing fails: no `if` of their own, and needs that are met by such steps alone. */
function certainSteps(scope: PlannedScope): boolean[] {
  const certain: boolean[] = [];
  for (const index of topologicalOrder(scope)) {
    const step = scope.steps[index] as PlannedStep;
    certain[index] =
      step.condition?.trim() === "always()" ||
      (step.condition === null &&
        step.needs.every((group) => group.of.filter((need) => certain[need]).length >= group.required));
  }
  return certain;
}

/** Who is asked in a stage of a step, and in how many of its units. */
interface Stage {
  readonly agent: string;
  readonly models: readonly PlannedModel[];
  /** All units are split among so many: 1, or the combinations of a matrix with models of their own. */
  readonly split: number;
  readonly isFirst: boolean;
}

function stagesOf(plan: Plan, step: PlannedStep, { agent, modelsByItem }: AgentBody): readonly Stage[] {
  const first =
    modelsByItem === null
      ? [{ agent, models: modelsOf(plan, step), split: 1, isFirst: true }]
      : modelsByItem.map((models) => ({ agent, models, split: modelsByItem.length, isFirst: true }));
  const others = step.fallback.map((stage) => ({
    agent: stage.agent ?? agent,
    models: modelsOfStage(plan, step, stage),
    split: 1,
    isFirst: false,
  }));
  // A person asks no model.
  return [...first, ...others].flatMap(({ agent: name, ...stage }) =>
    name === null || stage.models.length === 0 ? [] : { agent: name, ...stage },
  );
}

/** `units` is how often the step is done, rounds included. `isSure`: no other agent may be chosen in place of its own. */
function callsOf(plan: Plan, step: PlannedStep, units: Range, sizes: Sizes, ledger: Ledger, isSure = true): Sums {
  const calls = { floor: 0, ceiling: 0 };
  const costUsd = { floor: 0, ceiling: 0 };
  const unpriced = new Set<string>();
  let isPriced = false;
  const { body } = step;
  if (body.kind !== "agent") return { calls, costUsd, unpriced: [] };
  if (body.choice !== undefined) return callsOfChoice(plan, step, body, units, sizes, ledger);
  const schemaBytes = step.output === null ? 0 : bytesOf(canonicalJson(step.output));
  const repairs = step.output === null ? 0 : 1;
  // Where a person comes first no model may be asked at all.
  calls.floor = body.agent === null ? 0 : units.floor;
  for (const { agent, models, split, isFirst } of stagesOf(plan, step, body)) {
    const prompts = [body.task, plan.agents[agent]?.instructions ?? null].filter((text) => text !== null);
    const input = longestInput(prompts, step, sizes, ledger);
    const longest = input.tokens + schemaBytes;
    const attempts = (units.ceiling / split) * step.retry.maxAttempts;
    const tools = plan.agents[agent]?.tools;
    // A leader has one more turn, for those whom it did not wait for.
    const turns = (tools?.maxTurns ?? 1) + repairs + (tools?.spawn === undefined ? 0 : 1);
    if (body.session !== undefined)
      ledger.unknownInput.add(`what was said in session ${body.session.slice(body.session.lastIndexOf("#") + 1)}`);
    if (tools !== undefined) ledger.unknownInput.add(`what the tools of ${agent} answer`);
    calls.ceiling += attempts * turns * models.length;
    const own = { floor: 0, ceiling: 0 };
    const least = (usd: number): void => {
      for (const sum of [costUsd, own]) sum.floor += usd;
    };
    const most = (usd: number): void => {
      for (const sum of [costUsd, own]) sum.ceiling += usd;
    };
    let isBounded = input.isBounded && tools === undefined;
    models.forEach((model, position) => {
      const price = ledger.add(model, attempts * turns, body.batchApi === true);
      if (price === null) {
        if (attempts > 0) unpriced.add(model.id);
        isBounded = false;
        return;
      }
      isPriced = true;
      if (isFirst && position === 0) least((units.floor / split) * leastCost(price, prompts));
      most(attempts * (turns - repairs) * worstCaseCost(price, longest, model.maxTokens));
      const repair = longest + schemaBytes + model.maxTokens + REPAIR_TOKENS;
      if (repairs > 0) most(attempts * worstCaseCost(price, repair, model.maxTokens));
    });
    const led = childrenOfStage(plan, step, agent, attempts, sizes, ledger);
    calls.ceiling += attempts * led.calls;
    most(attempts * led.costUsd);
    for (const id of led.unpriced) unpriced.add(id);
    isPriced ||= led.costUsd > 0;
    if (plan.agents[agent]?.budget === undefined) continue;
    const isCertain = isFirst && isSure;
    ledger.ask(agent, {
      calls: { floor: isCertain ? units.floor / split : 0, ceiling: attempts * (turns * models.length + led.calls) },
      costUsd: { floor: isCertain ? own.floor : 0, ceiling: own.ceiling },
      isBounded,
    });
  }
  return { calls, costUsd: isPriced || unpriced.size === 0 ? costUsd : null, unpriced: [...unpriced] };
}

/** The most that those may take whom an agent starts in one attempt. */
function childrenOfStage(
  plan: Plan,
  step: PlannedStep,
  agent: string,
  attempts: number,
  sizes: Sizes,
  ledger: Ledger,
): Worst & { readonly unpriced: readonly string[] } {
  const input = (prompts: readonly Template[]): number => longestInput(prompts, step, sizes, ledger).tokens;
  const worst = worstChildren(agent, { plan, step, input });
  if (worst.count > 0)
    ledger.unknownInput.add(
      `what ${agent} asks of those whom it ${addressedBy(plan.agents, agent).length > 0 ? "writes to" : "starts"}`,
    );
  return { ...worst, unpriced: worst.count === 0 ? [] : noteChildren(agent, attempts, worst, plan, ledger) };
}

/** One of several agents does it: the cheapest at the least, the dearest at the most. */
function callsOfChoice(
  plan: Plan,
  step: PlannedStep,
  body: AgentBody,
  units: Range,
  sizes: Sizes,
  ledger: Ledger,
): Sums {
  const { choice: _choice, ...named } = body;
  const each = agentsOf(body).map((agent) =>
    callsOf(plan, { ...step, body: { ...named, agent } }, units, sizes, ledger, false),
  );
  const range = (of: readonly Range[]): Range => ({
    floor: Math.min(...of.map(({ floor }) => floor)),
    ceiling: Math.max(...of.map(({ ceiling }) => ceiling)),
  });
  const priced = each.flatMap(({ costUsd }) => costUsd ?? []);
  return {
    calls: range(each.map(({ calls }) => calls)),
    costUsd: priced.length === 0 ? null : range(priced),
    unpriced: [...new Set(each.flatMap(({ unpriced }) => unpriced))],
  };
}

/** One call with what its prompts hold in any case, all of it cheap from the cache, and one token of answer. */
function leastCost(price: Price, prompts: readonly Template[]): number {
  const bytes = prompts.reduce((sum, text) => sum + leastBytesOf(text), 0);
  const cacheReadTokens = Math.floor(bytes / MOST_BYTES_A_TOKEN);
  return costOf(price, { inputTokens: 0, cacheReadTokens, cacheWriteTokens: 0, outputTokens: 1, calls: 1 });
}

/** The longest that the prompts can be; without what nothing bounds. */
function longestInput(
  prompts: readonly Template[],
  step: PlannedStep,
  sizes: Sizes,
  ledger: Ledger,
): { readonly tokens: number; readonly isBounded: boolean } {
  let tokens = FRAME_TOKENS;
  let isBounded = true;
  for (const prompt of prompts) {
    const size = sizes.of(prompt, step);
    tokens += size.tokens;
    for (const name of size.unknown) ledger.unknownInput.add(name);
    if (size.unknown.length > 0) isBounded = false;
  }
  return { tokens, isBounded };
}
