import { EvaluationError } from "../evaluation-error.ts";
import type { Meter } from "../meter.ts";
import { checkedInt, kindOf, type Value } from "./value.ts";

/** int(x): a double loses its fraction; a text must be a decimal number. */
export function toInt(value: Value, _meter: Meter, least?: bigint): bigint {
  const int = parseInteger(value);
  if (int !== null && (least === undefined || int >= least)) return checkedInt(int);
  throw new EvaluationError(
    "value",
    `${show(value)} is not ${least === undefined ? "an integer" : "an integer above 0"}`,
  );
}

function parseInteger(value: Value): bigint | null {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return BigInt(Math.trunc(value));
  return typeof value === "string" && /^[+-]?\d{1,20}$/.test(value) ? BigInt(value.replace("+", "")) : null;
}

/** double(x): a text must be a decimal number, an exponent allowed; never infinite. */
export function toDouble(value: Value): number {
  if (typeof value === "bigint" || typeof value === "number") return Number(value);
  if (typeof value === "string" && value.length <= 40 && /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(value)) {
    const number = Number(value);
    if (Number.isFinite(number)) return number;
  }
  throw new EvaluationError("value", `${show(value)} is not a number`);
}

/** string(x) of a text, number or bool. */
export function toText(value: Value): string {
  return typeof value === "string" ? value : `${value as number | bigint | boolean}`;
}

/** bool(x) of a bool or a text as CEL lists them. */
export function toBool(value: Value): boolean {
  if (typeof value === "boolean") return value;
  if (["1", "t", "true", "TRUE", "True"].includes(value as string)) return true;
  if (["0", "f", "false", "FALSE", "False"].includes(value as string)) return false;
  throw new EvaluationError("value", `${show(value)} is neither true nor false`);
}

/** A value as a message shows it: short, and its type when it is not plain. */
export function show(value: Value): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  return value === null || typeof value !== "object" ? `${value}` : `a ${kindOf(value)}`;
}
