import type { BinaryOperator } from "@marcbachmann/cel-js";
import { EvaluationError } from "../evaluation-error.ts";
import type { Meter } from "../meter.ts";
import {
  checkedDouble,
  checkedInt,
  equalValues,
  fieldOf,
  isNumber,
  itemsOf,
  kindOf,
  ListValue,
  OptionalValue,
  type MapValue,
  type Value,
} from "./value.ts";

type Arithmetic = "+" | "-" | "*" | "/" | "%";
type Order = "<" | "<=" | ">" | ">=";

/** The operators with two operands. Ints and doubles mix: as soon as one is a double, so is the result. */
export function applyBinary(operator: BinaryOperator, left: Value, right: Value, meter: Meter): Value {
  if (left instanceof OptionalValue || right instanceof OptionalValue) {
    throw new EvaluationError("type", `\`${operator}\` does not take an optional; open it with .orValue(...)`);
  }
  switch (operator) {
    case "==":
      return equalValues(left, right, meter);
    case "!=":
      return !equalValues(left, right, meter);
    case "in":
      return contains(right, left, meter);
    case "<":
    case "<=":
    case ">":
    case ">=":
      return compare(operator, left, right, meter);
    default:
      return calculate(operator, left, right, meter);
  }
}

/** `-x` */
export function negate(value: Value): Value {
  if (typeof value === "bigint") return checkedInt(-value);
  if (typeof value === "number") return -value;
  throw new EvaluationError("type", `-x takes a number, and got ${describe(value)}`);
}

function contains(container: Value, item: Value, meter: Meter): boolean {
  const items = itemsOf(container, meter);
  if (items) return items.some((each) => equalValues(each, item, meter));
  if (kindOf(container) === "map")
    return typeof item === "string" && fieldOf(container as MapValue, item) !== undefined;
  const hint = typeof container === "string" ? "; in a text write text.contains(part)" : "";
  throw new EvaluationError(
    "type",
    `\`in\` takes a list or an object on its right, and got ${describe(container)}${hint}`,
  );
}

function compare(operator: Order, left: Value, right: Value, meter: Meter): boolean {
  const comparable =
    (isNumber(left) && isNumber(right)) ||
    (typeof left === "string" && typeof right === "string") ||
    (typeof left === "boolean" && typeof right === "boolean");
  if (!comparable) throw misfit(operator, left, right);
  if (typeof left === "string") meter.chargeText(left.length);
  switch (operator) {
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
  }
}

function calculate(operator: Arithmetic, left: Value, right: Value, meter: Meter): Value {
  if (typeof left === "bigint" && typeof right === "bigint") return checkedInt(calculateInts(operator, left, right));
  if (isNumber(left) && isNumber(right)) return checkedDouble(calculateDoubles(operator, Number(left), Number(right)));
  if (operator !== "+") throw misfit(operator, left, right);
  if (typeof left === "string" && typeof right === "string") {
    meter.chargeText(left.length + right.length);
    return left + right;
  }
  if (kindOf(left) !== "list" || kindOf(right) !== "list") throw misfit(operator, left, right);
  return new ListValue([...(itemsOf(left, meter) ?? []), ...(itemsOf(right, meter) ?? [])]);
}

function calculateInts(operator: Arithmetic, left: bigint, right: bigint): bigint {
  if (right === 0n && (operator === "/" || operator === "%")) throw new EvaluationError("value", "division by zero");
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
  }
}

function calculateDoubles(operator: Arithmetic, left: number, right: number): number {
  if (right === 0 && (operator === "/" || operator === "%")) throw new EvaluationError("value", "division by zero");
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
  }
}

function misfit(operator: string, left: Value, right: Value): EvaluationError {
  const hint =
    operator === "+" && (typeof left === "string" || typeof right === "string")
      ? "; string(...) makes text of a number"
      : "";
  return new EvaluationError(
    "type",
    `\`${operator}\` does not go between ${describe(left)} and ${describe(right)}${hint}`,
  );
}

/** A value's type as messages name it. */
export function describe(value: Value): string {
  const kind = kindOf(value);
  const article = /^[aeiou]/.test(kind) ? "an" : "a";
  return kind === "null" ? "null" : `${article} ${kind}`;
}
