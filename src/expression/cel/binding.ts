import { EvaluationError } from "../evaluation-error.ts";
import type { CelNode } from "./parse.ts";
import type { Value } from "./value.ts";

/** A name that a macro bound, and those bound around it. */
export interface Binding {
  readonly name: string;
  readonly value: Value;
  readonly outer: Bindings;
}
export type Bindings = Binding | null;

/** The name that a macro binds: its first argument. */
export function iterationName(node: CelNode | undefined): string {
  if (node?.op === "id") return node.args;
  throw new EvaluationError("type", "the first argument must be a plain name, as in `list.map(x, x.title)`");
}
