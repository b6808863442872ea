import { EvaluationError, isRecoverable } from "../evaluation-error.ts";
import type { Bindings, Interpreter } from "./interpreter.ts";
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

/** The name that a macro binds: its first argument, which the parser has checked to be one. */
export function iterationName(node: CelNode): string {
  if (node.op === "id") return node.args;
  throw new EvaluationError("type", "the first argument must be a plain name, as in `list.map(x, x.title)`");
}

/** Runs a macro: `target.name(variable, body)`. */
export function comprehend(
  interpreter: Interpreter,
  name: Comprehension,
  target: Value,
  source: string,
  args: readonly CelNode[],
  outer: Bindings,
): Value {
  const items = itemsOf(target, interpreter.meter) ?? fieldNamesOf(target, interpreter.meter);
  if (!items || !takesArguments(name, args.length)) {
    throw new EvaluationError("type", `${name} takes a list or an object, and ${source} is ${describe(target)}`);
  }
  const variable = iterationName(args[0] as CelNode);
  const body = args.at(-1) as CelNode;
  const inner = (value: Value): Bindings => ({ name: variable, value, outer });
  switch (name) {
    case "map": {
      const filter = args.length === 3 ? (args[1] as CelNode) : null;
      const kept = filter ? items.filter((item) => interpreter.bool(filter, inner(item))) : items;
      return new ListValue(kept.map((item) => interpreter.run(body, inner(item))));
    }
    case "filter":
      return new ListValue(items.filter((item) => interpreter.bool(body, inner(item))));
    case "exists_one":
      return items.filter((item) => interpreter.bool(body, inner(item))).length === 1;
    case "all":
      return !decides(items, false, (item) => interpreter.bool(body, inner(item)), interpreter);
    case "exists":
      return decides(items, true, (item) => interpreter.bool(body, inner(item)), interpreter);
  }
}

/** True as soon as one item gives `wanted`; an error counts only when no item does. */
function decides(items: readonly Value[], wanted: boolean, test: (item: Value) => boolean, { meter }: Interpreter): boolean {
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
