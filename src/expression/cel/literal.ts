import type { ASTNode } from "@marcbachmann/cel-js";
import { EvaluationError } from "../evaluation-error.ts";
import { checkedInt, type Value } from "./value.ts";

type Literal = Extract<ASTNode, { readonly op: "value" }>["args"];

/** The value of a literal. `1u` is the int 1; bytes have no place in JSON and are refused. */
export function literalOf(literal: Literal): Value {
  if (literal === null || typeof literal !== "object")
    return typeof literal === "bigint" ? checkedInt(literal) : literal;
  if (literal instanceof Uint8Array) throw new EvaluationError("type", "bytes are not a value here; write a text");
  return checkedInt(literal.valueOf());
}
