import { EvaluationError, isRecoverable } from "../evaluation-error.ts";
import type { Meter } from "../meter.ts";
import { iterationName, type Bindings } from "./binding.ts";
import { describe } from "./operator.ts";
import type { CelNode } from "./parse.ts";
import { fieldNamesOf, itemsOf, ListValue, type Value } from "./value.ts";

/** The macros over a list (or the keys of a map), with how many arguments they take. */
const argumentCounts = {
  all: [2],
  exists: [2],
  exists_one: [2],
  map: [2, 3],
  filter: [2],
} as const;

export type Comprehension = keyof typeof argumentCounts;

/** The names of all macros over lists. */
export const comprehensions = Object.keys(argumentCounts) as readonly Comprehension[];

/** True for the name of a macro over lists. */
export function isComprehension(name: string): name is Comprehension {
  return Object.hasOwn(argumentCounts, name);
}

/** True when the macro takes this many arguments, the name of the item among them. */
export function takesArguments(name: Comprehension, count: number): boolean {
  return (argumentCounts[name] as readonly number[]).includes(count);
}

/** `target.name(variable, body)` with all that it needs. */
export interface ComprehensionCall {
  readonly name: Comprehension;
  readonly target: Value;
  /** The source of the target, for messages. */
  readonly source: string;
  readonly args: readonly CelNode[];
  readonly outer: Bindings;
}

/** How the body of a macro is evaluated: by the interpreter that met it. */
export interface BodyRunner {
  readonly meter: Meter;
  run(node: CelNode, bindings: Bindings): Value;
  bool(node: CelNode, bindings: Bindings): boolean;
}

/** Runs a macro. */
export function comprehend(runner: BodyRunner, { name, target, source, args, outer }: ComprehensionCall): Value {
  const items = itemsOf(target, runner.meter) ?? fieldNamesOf(target, runner.meter);
  if (!items || !takesArguments(name, args.length)) {
    throw new EvaluationError("type", `${name} takes a list or an object, and ${source} is ${describe(target)}`);
  }
  const variable = iterationName(args[0]);
  const body = args.at(-1) as CelNode;
  const inner = (value: Value): Bindings => ({ name: variable, value, outer });
  const holds = (value: Value): boolean => runner.bool(body, inner(value));
  switch (name) {
    case "map": {
      const filter = args.length === 3 ? (args[1] as CelNode) : null;
      const kept = filter ? items.filter((item) => runner.bool(filter, inner(item))) : items;
      return new ListValue(kept.map((item) => runner.run(body, inner(item))));
    }
    case "filter":
      return new ListValue(items.filter(holds));
    case "exists_one":
      return items.filter(holds).length === 1;
    case "all":
      return !someGives(items, false, holds, runner.meter);
    case "exists":
      return someGives(items, true, holds, runner.meter);
  }
}

/** True as soon as one item gives `wanted`; an error counts only when no item does. */
function someGives(items: readonly Value[], wanted: boolean, test: (item: Value) => boolean, meter: Meter): boolean {
  let failure: EvaluationError | null = null;
  for (const item of items) {
    try {
      if (test(item) === wanted) return true;
    } catch (error) {
      if (!isRecoverable(error)) throw error;
      failure ??= error;
      meter.charge(50);
    }
  }
  if (failure) throw failure;
  return false;
}
