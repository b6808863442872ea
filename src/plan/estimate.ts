import { canonicalJson, type JsonObject } from "../util/json.ts";
import type { Template } from "../expression/template.ts";
import { knownItems } from "./fan-size.ts";
import { topologicalOrder } from "./graph.ts";
import { Ledger, type ModelEstimate } from "./ledger.ts";
import { costOf, worstCaseCost } from "./price/price.ts";
import type { Price } from "./price/rates.ts";
import { priceTableDate } from "./price/table.ts";
import { bytesOf, leastBytesOf, Sizes } from "./size.ts";
import { modelsOf } from "./step-digest.ts";
import type { Plan, PlannedScope, PlannedStep } from "./types.ts";

/** From the least to the most, both included. */
export interface Range {
  readonly floor: number;
  readonly ceiling: number;
}

/** What a run of a plan can take, told before it starts. */
export interface Estimate {
  /** In the order of the file. */
  readonly steps: readonly StepEstimate[];
  readonly calls: Range;
  /** USD, without `unpriced` models and without `unknownInput`. */
  readonly costUsd: Range;
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

export interface StepEstimate {
  readonly id: string;
  /** 1 without `for_each`. The floor is 0 for a list that is not known, and for a step that may be skipped. */
  readonly units: Range;
  /** The list is known: written out, or an input. Otherwise the ceiling is `max_items`. */
  readonly isSizeKnown: boolean;
  /** More items than `max_items`: the step will fail before its first. */
  readonly isTooLarge: boolean;
  /** Calls of models: 0 for steps that ask none. */
  readonly calls: Range;
  readonly costUsd: Range;
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
 * Ceiling: every unit of every step, each with all its attempts, turns and models of the chain, each call with its
 * longest input and output. A call that is lost in a crash and asked again is not in it.
 * Floor: all goes well. Only steps that surely run, one call a unit to the first model, the part of the prompt that
 * is there in any case, one token of output.
 */
export function estimate(plan: Plan, inputs: JsonObject = {}): Estimate {
  const known = { ...defaultsOf(plan), ...inputs };
  const ledger = new Ledger();
  const steps = plan.scopes.flatMap((scope) => estimateScope(plan, scope, known, ledger));
  const total = (range: (step: StepEstimate) => Range): Range => ({
    floor: steps.reduce((sum, step) => sum + range(step).floor, 0),
    ceiling: steps.reduce((sum, step) => sum + range(step).ceiling, 0),
  });
  return {
    steps,
    calls: total((step) => step.calls),
    costUsd: total((step) => step.costUsd),
    models: ledger.models(),
    unpriced: ledger.unpriced(),
    unknownInput: [...ledger.unknownInput],
    assumedInputs: Object.keys(known).filter((name) => !Object.hasOwn(inputs, name)),
    priceTableDate,
  };
}

function defaultsOf(plan: Plan): JsonObject {
  const optional = Object.entries(plan.inputs).filter(([, input]) => !input.required);
  return Object.fromEntries(optional.map(([name, input]) => [name, input.default]));
}

function estimateScope(plan: Plan, scope: PlannedScope, inputs: JsonObject, ledger: Ledger): StepEstimate[] {
  const certain = certainSteps(scope);
  const fans = scope.steps.map((step) => unitsOf(step, inputs));
  const sizes = new Sizes(
    plan,
    scope,
    inputs,
    fans.map((fan) => fan.units.ceiling),
  );
  return scope.steps.map((step, index) => {
    const fan = fans[index] as Fan;
    const units = { floor: certain[index] === true ? fan.units.floor : 0, ceiling: fan.units.ceiling };
    return { id: step.id, ...fan, units, ...callsOf(plan, step, units, sizes, ledger) };
  });
}

type Fan = Pick<StepEstimate, "units" | "isSizeKnown" | "isTooLarge">;

function unitsOf(step: PlannedStep, inputs: JsonObject): Fan {
  const { fan } = step;
  if (fan === null) return { units: { floor: 1, ceiling: 1 }, isSizeKnown: true, isTooLarge: false };
  const size = fan.size ?? knownItems(fan.items, inputs)?.length ?? null;
  if (size === null) return { units: { floor: 0, ceiling: fan.maxItems }, isSizeKnown: false, isTooLarge: false };
  if (size > fan.maxItems) return { units: { floor: 0, ceiling: 0 }, isSizeKnown: true, isTooLarge: true };
  const floor = fan.join.kind === "any" ? Math.min(1, size) : size;
  return { units: { floor, ceiling: size }, isSizeKnown: true, isTooLarge: false };
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

function callsOf(
  plan: Plan,
  step: PlannedStep,
  units: Range,
  sizes: Sizes,
  ledger: Ledger,
): Pick<StepEstimate, "calls" | "costUsd"> {
  const none = { floor: 0, ceiling: 0 };
  const models = modelsOf(plan, step);
  if (step.body.kind !== "agent") return { calls: none, costUsd: none };
  const prompts = [step.body.task, plan.agents[step.body.agent]?.instructions ?? null].filter((text) => text !== null);
  const schemaBytes = step.output === null ? 0 : bytesOf(canonicalJson(step.output));
  const longest = longestInput(prompts, step, sizes, ledger) + schemaBytes;

  const turns = step.output === null ? 1 : 2;
  const rounds = units.ceiling * step.retry.maxAttempts;
  let floor = 0;
  let ceiling = 0;
  models.forEach((model, position) => {
    const price = ledger.add(model, rounds * turns);
    if (price === null) return;
    if (position === 0) floor = units.floor * leastCost(price, prompts);
    ceiling += rounds * worstCaseCost(price, longest, model.maxTokens);
    const repair = longest + schemaBytes + model.maxTokens + REPAIR_TOKENS;
    if (turns === 2) ceiling += rounds * worstCaseCost(price, repair, model.maxTokens);
  });
  return {
    calls: { floor: units.floor, ceiling: rounds * turns * models.length },
    costUsd: { floor, ceiling },
  };
}

/** One call with what its prompts hold in any case, all of it cheap from the cache, and one token of answer. */
function leastCost(price: Price, prompts: readonly Template[]): number {
  const bytes = prompts.reduce((sum, text) => sum + leastBytesOf(text), 0);
  const cacheReadTokens = Math.floor(bytes / MOST_BYTES_A_TOKEN);
  return costOf(price, { inputTokens: 0, cacheReadTokens, cacheWriteTokens: 0, outputTokens: 1, calls: 1 });
}

function longestInput(prompts: readonly Template[], step: PlannedStep, sizes: Sizes, ledger: Ledger): number {
  let tokens = FRAME_TOKENS;
  for (const prompt of prompts) {
    const size = sizes.of(prompt, step);
    tokens += size.tokens;
    for (const name of size.unknown) ledger.unknownInput.add(name);
  }
  return tokens;
}
