import type { DiagnosticCode } from "../../diagnostic/code.ts";
import type { JsonSchema } from "../../util/json.ts";
import type { ExpressionScope } from "../scope.ts";
import type { CelNode } from "./parse.ts";

/** A name that a macro bound, with its shape, and those bound around it. */
export interface BoundShape {
  readonly name: string;
  readonly shape: JsonSchema;
  readonly outer: BoundShapes;
}
export type BoundShapes = BoundShape | null;

/** What the check of a call needs of the check of the whole. */
export interface ShapeReader {
  readonly scope: ExpressionScope;
  /** The whole decides whether a step runs: nothing in it may hang on free text of a model. */
  readonly isGate: boolean;
  shapeOf(node: CelNode, bound: BoundShapes): JsonSchema;
  expectBool(node: CelNode, bound: BoundShapes): void;
  problem(node: CelNode, code: DiagnosticCode, message: string, help: string | null): JsonSchema;
  /** How many problems there are so far: more than before means that an argument has one. */
  readonly problems: { readonly length: number };
}

/** True when a macro bound the name. */
export function isBound(name: string, bound: BoundShapes): boolean {
  for (let at = bound; at !== null; at = at.outer) if (at.name === name) return true;
  return false;
}

/** The names that macros bound, after `others`. */
export function boundNames(bound: BoundShapes, others: readonly string[]): string[] {
  const names = [...others];
  for (let at = bound; at !== null; at = at.outer) names.push(at.name);
  return names;
}
