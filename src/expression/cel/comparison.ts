import type { BinaryOperator } from "@marcbachmann/cel-js";
import { suggest } from "../../diagnostic/suggest.ts";
import type { ExpressionProblem } from "../scope.ts";
import { describeKinds, isFreeText, isOptional, itemShape, kindsOf, valuesOf, type ShapeKind } from "../shape.ts";
import type { Json, JsonSchema } from "../../util/json.ts";
import { sourceOf } from "./message.ts";
import type { CelNode } from "./parse.ts";

/** An operand with what is known of its value. */
export interface Operand {
  readonly node: CelNode;
  readonly shape: JsonSchema;
}

type Finding = Pick<ExpressionProblem, "code" | "message" | "help">;

/** What is wrong with an operator between two operands, or null. */
export function comparisonProblem(
  operator: BinaryOperator,
  left: Operand,
  right: Operand,
  isCondition: boolean,
): Finding | null {
  const optional = [left, right].find(({ shape }) => isOptional(shape));
  if (optional) {
    const source = sourceOf(optional.node);
    return { code: "WF4007", message: `${source} is an optional`, help: `open it with ${source}.orValue(...)` };
  }
  switch (operator) {
    case "==":
    case "!=":
      return (isCondition ? freeTextProblem(left, right) : null) ?? equalityProblem(operator, left, right);
    case "in":
      return membershipProblem(left, right, isCondition);
    case "<":
    case "<=":
    case ">":
    case ">=":
      return (isCondition ? freeTextProblem(left, right) : null) ?? orderProblem(operator, left, right);
    default:
      return arithmeticProblem(operator, left, right);
  }
}

/** Free text of a model says the same thing in many ways: a comparison with it holds by chance. */
function freeTextProblem(left: Operand, right: Operand): Finding | null {
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    if (isFreeText(one.shape) && !isEmptyCheck(other.node)) return freeTextFinding(one.node);
  }
  return null;
}

/** What is said of text that a model wrote freely where a condition hangs on it. */
export function freeTextFinding(node: CelNode): Finding {
  return {
    code: "WF4008",
    message: `${sourceOf(node)} is free text of a model, which no comparison can rely on`,
    help: "declare `output: { enum: [...] }` on that step, or a schema with a field to compare",
  };
}

/** `== null` and `== ""` ask whether there is something. */
function isEmptyCheck(node: CelNode): boolean {
  return node.op === "value" && (node.args === null || node.args === "");
}

function equalityProblem(operator: string, left: Operand, right: Operand): Finding | null {
  const [leftKinds, rightKinds] = [kindsOf(left.shape), kindsOf(right.shape)];
  if (leftKinds === null || rightKinds === null || isNull(leftKinds) || isNull(rightKinds)) return null;
  const always = operator === "==" ? "false" : "true";
  if (!overlap(leftKinds, rightKinds)) {
    return {
      code: "WF4012",
      message: `${sourceOf(left.node)} is ${describeKinds(leftKinds)} and ${sourceOf(right.node)} is ${describeKinds(rightKinds)}: \`${operator}\` is always ${always}`,
      help: conversionHelp(leftKinds, rightKinds, right),
    };
  }
  return valueProblem(left, right, always) ?? valueProblem(right, left, always);
}

/** A literal that is none of the values that the other side can have. */
function valueProblem(side: Operand, literal: Operand, always: string): Finding | null {
  if (side.node.op === "value" || literal.node.op !== "value") return null;
  return neverFinding(sourceOf(side.node), side.shape, literal.node.args, always);
}

/** What is said of a text that `source` can never be, where its shape lists its values; else null. */
export function neverFinding(source: string, shape: JsonSchema, value: unknown, always: string): Finding | null {
  const allowed = valuesOf(shape);
  if (allowed === null || typeof value !== "string" || allowed.includes(value)) return null;
  return {
    code: "WF4012",
    message: `${source} is never ${JSON.stringify(value)}, so this is always ${always}`,
    help: valueHelp(value, allowed),
  };
}

function valueHelp(value: string, allowed: readonly Json[]): string {
  const texts = allowed.filter((each) => typeof each === "string");
  const near = suggest(value, texts);
  return near
    ? `did you mean ${JSON.stringify(near)}?`
    : `it is one of ${texts
        .slice(0, 12)
        .map((each) => JSON.stringify(each))
        .join(", ")}`;
}

function membershipProblem(item: Operand, container: Operand, isCondition: boolean): Finding | null {
  const kinds = kindsOf(container.shape);
  if (kinds !== null && !kinds.has("list") && !kinds.has("map")) {
    const help = kinds.has("string") ? `write ${sourceOf(container.node)}.contains(${sourceOf(item.node)})` : null;
    const message = `\`in\` takes a list or an object on its right, and ${sourceOf(container.node)} is ${describeKinds(kinds)}`;
    return { code: "WF4007", message, help };
  }
  if (kinds?.size !== 1 || !kinds.has("list")) return null;
  if (isCondition && isFreeText(item.shape)) return freeTextFinding(item.node);
  if (isCondition && isFreeText(itemShape(container.shape))) {
    const [only, ...others] = container.node.op === "list" ? container.node.args : [];
    return freeTextFinding(only !== undefined && others.length === 0 ? only : container.node);
  }
  if (container.node.op === "list") {
    for (const node of container.node.args) {
      if (node.op !== "value") continue;
      const problem = valueProblem(item, { node, shape: true }, "false for that value");
      if (problem) return problem;
    }
  }
  const [itemKinds, ownKinds] = [kindsOf(itemShape(container.shape)), kindsOf(item.shape)];
  if (itemKinds === null || ownKinds === null || overlap(itemKinds, ownKinds)) return null;
  return {
    code: "WF4012",
    message: `${sourceOf(item.node)} is ${describeKinds(ownKinds)} and the items are ${describeKinds(itemKinds)}: \`in\` is always false`,
    help: null,
  };
}

function orderProblem(operator: string, left: Operand, right: Operand): Finding | null {
  const orders: readonly (readonly ShapeKind[])[] = [["int", "double"], ["string"], ["bool"]];
  return operandProblem(operator, left, right, orders);
}

function arithmeticProblem(operator: string, left: Operand, right: Operand): Finding | null {
  const additions: readonly (readonly ShapeKind[])[] = [["int", "double"], ["string"], ["list"]];
  const problem = operandProblem(operator, left, right, operator === "+" ? additions : [["int", "double"]]);
  if (problem || operator !== "/") return problem;
  return divisionProblem(left, right) ?? divisionProblem(right, left);
}

/** `type: number` is an int or a double from value to value, and two ints divide without a rest. */
function divisionProblem(side: Operand, other: Operand): Finding | null {
  const [kinds, others] = [kindsOf(side.shape), kindsOf(other.shape)];
  const isEither = kinds?.has("int") && kinds.has("double");
  if (!isEither || others === null || !others.has("int")) return null;
  return {
    code: "WF4007",
    message: `${sourceOf(side.node)} may be a whole number, and whole numbers divide without a rest (7 / 2 is 3)`,
    help: `write double(${sourceOf(side.node)}), or int(...) if the rest is to be dropped`,
  };
}

function operandProblem(
  operator: string,
  left: Operand,
  right: Operand,
  groups: readonly (readonly ShapeKind[])[],
): Finding | null {
  const [leftKinds, rightKinds] = [kindsOf(left.shape), kindsOf(right.shape)];
  const fits = (kinds: ReadonlySet<ShapeKind> | null, group: readonly ShapeKind[]): boolean =>
    kinds === null || group.some((kind) => kinds.has(kind));
  if (groups.some((group) => fits(leftKinds, group) && fits(rightKinds, group))) return null;
  const nameOf = ({ node }: Operand, kinds: ReadonlySet<ShapeKind> | null): string =>
    `${sourceOf(node)} (${kinds === null ? "anything" : describeKinds(kinds)})`;
  return {
    code: "WF4007",
    message: `\`${operator}\` does not go between ${nameOf(left, leftKinds)} and ${nameOf(right, rightKinds)}`,
    help: leftKinds && rightKinds ? conversionHelp(leftKinds, rightKinds, right, left) : null,
  };
}

function conversionHelp(
  left: ReadonlySet<ShapeKind>,
  right: ReadonlySet<ShapeKind>,
  rightOperand: Operand,
  leftOperand: Operand | null = null,
): string | null {
  const isNumber = (kinds: ReadonlySet<ShapeKind>): boolean => kinds.has("int") || kinds.has("double");
  const literal = literalHelp(rightOperand) ?? (leftOperand && literalHelp(leftOperand));
  if (literal !== null) return literal;
  if (left.has("string") && isNumber(right)) return `string(${sourceOf(rightOperand.node)}) makes a text of it`;
  if (leftOperand && isNumber(left) && right.has("string"))
    return `string(${sourceOf(leftOperand.node)}) makes a text of it`;
  return null;
}

/** A literal of the other type is quickest changed itself: "3" for 3, and 3 for "3". */
function literalHelp({ node }: Operand): string | null {
  if (node.op !== "value") return null;
  if (typeof node.args === "bigint" || typeof node.args === "number") return `write it as a text: "${node.args}"`;
  return typeof node.args === "string" && /^-?\d{1,15}(\.\d{1,15})?$/.test(node.args)
    ? `write it as a number: ${node.args}`
    : null;
}

function overlap(left: ReadonlySet<ShapeKind>, right: ReadonlySet<ShapeKind>): boolean {
  const isNumber = (kinds: ReadonlySet<ShapeKind>): boolean => kinds.has("int") || kinds.has("double");
  return [...left].some((kind) => right.has(kind)) || (isNumber(left) && isNumber(right));
}

function isNull(kinds: ReadonlySet<ShapeKind>): boolean {
  return kinds.size === 1 && kinds.has("null");
}
