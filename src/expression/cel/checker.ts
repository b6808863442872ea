import type { DiagnosticCode } from "../../diagnostic/code.ts";
import { suggest } from "../../diagnostic/suggest.ts";
import { fieldProblem, outputsProblem } from "../field-problem.ts";
import { foreignRoots } from "../root.ts";
import type { ExpressionProblem, ExpressionScope } from "../scope.ts";
import { isStatusFunction } from "../status-function.ts";
import {
  anyShape,
  boolShape,
  describeKinds,
  doubleShape,
  fieldShape,
  freeTextShape,
  intShape,
  isFreeText,
  itemShape,
  kindsOf,
  leavesRoom,
  listShape,
  nullShape,
  optionalShape,
  stringShape,
  unionOf,
  type ShapeKind,
} from "../shape.ts";
import type { Json, JsonSchema } from "../../util/json.ts";
import { globalCallShape, methodCallShape } from "./call-checker.ts";
import { comparisonProblem } from "./comparison.ts";
import { ternaryHabit } from "./habit.ts";
import { sourceOf } from "./message.ts";
import { literalOf } from "./literal.ts";
import type { CelNode } from "./parse.ts";
import { boundNames, isBound, type BoundShapes, type ShapeReader } from "./shape-reader.ts";
import { typeNames } from "./type-name.ts";

/**
 * Infers the shape of every node and collects what cannot work. A node with a problem has the shape `true`, so one
 * mistake gives one problem.
 */
export class CelChecker implements ShapeReader {
  readonly problems: ExpressionProblem[] = [];
  /** The names in reach. */
  readonly scope: ExpressionScope;
  /** An `if`, which alone may ask for the status; `until` may look for a mark in a text. */
  readonly isGate: boolean;
  readonly #isCondition: boolean;

  constructor(scope: ExpressionScope, isCondition: boolean) {
    this.scope = scope;
    this.isGate = isCondition && scope.statusFunctions;
    this.#isCondition = isCondition;
  }

  /** The shape of a node's value. */
  shapeOf(node: CelNode, bound: BoundShapes = null): JsonSchema {
    switch (node.op) {
      case "value":
        return this.#literal(node);
      case "id":
        return this.#name(node.args, node, bound);
      case ".":
        return this.#field(node, node.args[0], node.args[1], bound, false);
      case ".?":
        this.#field(node, node.args[0], node.args[1], bound, true);
        return optionalShape;
      case "[]":
        return this.#index(node, node.args, bound, false);
      case "[?]":
        this.#index(node, node.args, bound, true);
        return optionalShape;
      case "?:": {
        this.expectBool(node.args[0], bound);
        return unionOf([this.shapeOf(node.args[1], bound), this.shapeOf(node.args[2], bound)]);
      }
      case "&&":
      case "||":
        return this.#logic(node, bound);
      case "!_":
        this.expectBool(node.args, bound);
        return boolShape;
      case "-_":
        return this.#negation(node, node.args, bound);
      case "list":
        return listShape(
          node.args.length === 0 ? anyShape : unionOf(node.args.map((item) => this.shapeOf(item, bound))),
        );
      case "map":
        return this.#map(node.args, bound);
      case "call":
        return globalCallShape(this, node, bound);
      case "rcall":
        return methodCallShape(this, node, bound);
      default:
        return this.#binary(node, node.op, node.args, bound);
    }
  }

  #literal(node: Extract<CelNode, { op: "value" }>): JsonSchema {
    if (node.args instanceof Uint8Array) {
      return this.problem(node, "WF4007", "bytes are not a value here", "write a text without the b before it");
    }
    let value: ReturnType<typeof literalOf>;
    try {
      value = literalOf(node.args);
    } catch {
      return this.problem(
        node,
        "WF4007",
        "the number does not fit into a 64-bit integer",
        "write it as a text or a double",
      );
    }
    if (typeof value === "bigint") return intShape;
    if (typeof value === "number") return doubleShape;
    return value === null ? nullShape : { const: value as Json };
  }

  #name(name: string, node: CelNode, bound: BoundShapes): JsonSchema {
    for (let at = bound; at !== null; at = at.outer) if (at.name === name) return at.shape;
    const { names, hidden } = this.scope;
    if (Object.hasOwn(names, name)) return names[name] as JsonSchema;
    if (Object.hasOwn(hidden, name)) {
      return this.problem(node, "WF4005", `'${name}' cannot be read here`, hidden[name] as string);
    }
    if (typeNames.has(name)) return anyShape;
    if (isStatusFunction(name) && this.scope.statusFunctions) {
      return this.problem(node, "WF4009", `'${name}' is a function`, `write ${name}()`);
    }
    const foreign = foreignRoots.get(name);
    const near = suggest(name, boundNames(bound, Object.keys(names)));
    if (foreign && !near) return this.problem(node, "WF4009", `there is no '${name}'`, foreign);
    const reach = Object.keys(names).join(", ");
    const help = near ? `did you mean '${near}'?` : reach === "" ? "no names are in reach here" : `in reach: ${reach}`;
    return this.problem(node, "WF4004", `unknown name '${name}'`, help);
  }

  #field(node: CelNode, baseNode: CelNode, name: string, bound: BoundShapes, isOptionalAccess: boolean): JsonSchema {
    if (baseNode.op === "." && isStepOutputs(...baseNode.args)) {
      return this.#outputs(baseNode.args[0], baseNode.end - baseNode.args[1].length, baseNode.end, `.${name}`);
    }
    const base = this.shapeOf(baseNode, bound);
    return this.#fieldOf(base, baseNode, name, [node.end - name.length, node.end], isOptionalAccess);
  }

  /** `rest` is what is read of the output. */
  #outputs(step: CelNode, start: number, end: number, rest: string): JsonSchema {
    this.problems.push({ ...outputsProblem(sourceOf(step), rest), offset: start, length: end - start });
    return anyShape;
  }

  #fieldOf(
    base: JsonSchema,
    baseNode: CelNode,
    name: string,
    [start, end]: readonly [number, number],
    isOptionalAccess: boolean,
  ): JsonSchema {
    if (isStepOutputs(baseNode, name)) return this.#outputs(baseNode, start, end, "");
    const field = fieldShape(base, name);
    if (field.is === "field") return field.shape;
    if (field.is === "unknown" && isOptionalAccess && leavesRoom(base)) return anyShape;
    const problem = fieldProblem(field, sourceOf(baseNode), name, this.scope.suggest);
    this.problems.push({ ...problem, offset: start, length: end - start });
    return anyShape;
  }

  #index(
    node: CelNode,
    [baseNode, keyNode]: readonly [CelNode, CelNode],
    bound: BoundShapes,
    isOptionalAccess: boolean,
  ): JsonSchema {
    const base = this.shapeOf(baseNode, bound);
    const key = this.shapeOf(keyNode, bound);
    const kinds = kindsOf(base);
    if (keyNode.op === "value" && typeof keyNode.args === "string" && (kinds === null || kinds.has("map"))) {
      return this.#fieldOf(base, baseNode, keyNode.args, [keyNode.start, keyNode.end], isOptionalAccess);
    }
    const keyKinds = kindsOf(key);
    if (kinds === null || keyKinds === null) return anyShape;
    if (kinds.has("list") && (keyKinds.has("int") || keyKinds.has("double"))) return itemShape(base);
    if (kinds.has("map") && keyKinds.has("string")) return anyShape;
    const message = `${sourceOf(baseNode)} is ${describeKinds(kinds)}, which has no item by ${describeKinds(keyKinds)}`;
    return this.problem(node, "WF4007", message, null);
  }

  #logic(node: Extract<CelNode, { op: "&&" | "||" }>, bound: BoundShapes): JsonSchema {
    const [left, right] = node.args;
    const before = this.problems.length;
    if (node.op === "||" && left.op === "&&") {
      this.expectBool(left.args[0], bound);
      const chosen = this.shapeOf(left.args[1], bound);
      const otherwise = this.shapeOf(right, bound);
      if (this.problems.length > before) return anyShape;
      if (!mayBe(chosen, "bool") || !mayBe(otherwise, "bool")) {
        const { message, help } = ternaryHabit(sourceOf(left.args[0]), sourceOf(left.args[1]), sourceOf(right));
        this.problem(node, "WF4009", message, help);
        return unionOf([chosen, otherwise]);
      }
      return boolShape;
    }
    const habit = node.op === "||" ? `coalesce(${sourceOf(left)}, ${sourceOf(right)})` : null;
    this.expectBool(left, bound, habit);
    if (this.problems.length === before) this.expectBool(right, bound, habit);
    else this.shapeOf(right, bound);
    return boolShape;
  }

  /** Collects a problem unless the node may be true or false. */
  expectBool(node: CelNode, bound: BoundShapes, alternative: string | null = null): void {
    const kinds = kindsOf(this.shapeOf(node, bound));
    if (kinds === null || kinds.has("bool")) return;
    const help = alternative ? `for a value in place of null write ${alternative}` : boolHelp(kinds, sourceOf(node));
    this.problem(node, "WF4007", `${sourceOf(node)} is ${describeKinds(kinds)}, and must be true or false`, help);
  }

  #negation(node: CelNode, operand: CelNode, bound: BoundShapes): JsonSchema {
    if (operand.op === "value" && typeof operand.args === "bigint") return intShape;
    const shape = this.shapeOf(operand, bound);
    if (mayBe(shape, "int") || mayBe(shape, "double")) return numberLike(shape);
    return this.problem(
      node,
      "WF4007",
      `-x takes a number, and gets ${describeKinds(kindsOf(shape) ?? new Set())}`,
      null,
    );
  }

  #map(pairs: readonly (readonly [CelNode, CelNode])[], bound: BoundShapes): JsonSchema {
    const properties: [string, JsonSchema][] = [];
    let isClosed = true;
    for (const [keyNode, valueNode] of pairs) {
      const isPlainName =
        keyNode.op === "id" && !Object.hasOwn(this.scope.names, keyNode.args) && !isBound(keyNode.args, bound);
      const key = isPlainName
        ? this.problem(keyNode, "WF4009", "keys of an object stand in quotes", `write {"${keyNode.args}": ...}`)
        : this.shapeOf(keyNode, bound);
      const value = this.shapeOf(valueNode, bound);
      if (keyNode.op === "value" && typeof keyNode.args === "string") properties.push([keyNode.args, value]);
      else isClosed = false;
      if (!mayBe(key, "string"))
        this.problem(keyNode, "WF4007", "the keys of an object are texts", "write it in quotes");
    }
    const required = properties.map(([key]) => key);
    const shape = { type: "object", properties: Object.fromEntries(properties), required };
    return isClosed ? { ...shape, additionalProperties: false, "x-written": true } : { type: "object" };
  }

  #binary(
    node: CelNode,
    operator: Parameters<typeof comparisonProblem>[0],
    [leftNode, rightNode]: readonly [CelNode, CelNode],
    bound: BoundShapes,
  ): JsonSchema {
    const before = this.problems.length;
    const left = this.shapeOf(leftNode, bound);
    const right = this.shapeOf(rightNode, bound);
    const isComparison = !["+", "-", "*", "/", "%"].includes(operator);
    if (this.problems.length > before) return isComparison ? boolShape : anyShape;
    const problem = comparisonProblem(
      operator,
      { node: leftNode, shape: left },
      { node: rightNode, shape: right },
      this.#isCondition,
    );
    if (problem) {
      this.problems.push({ ...problem, offset: node.start, length: node.end - node.start });
      return isComparison ? boolShape : anyShape;
    }
    return isComparison ? boolShape : resultOf(operator, left, right);
  }

  /** Collects a problem at a node; the shape to go on with is `true`. */
  problem(node: CelNode, code: DiagnosticCode, message: string, help: string | null): JsonSchema {
    this.problems.push({ code, message, help, offset: node.start, length: node.end - node.start });
    return anyShape;
  }
}

/** `steps.x.outputs`: the word of GitHub Actions, whatever the schema allows. */
function isStepOutputs(base: CelNode, name: string): boolean {
  return name === "outputs" && base.op === "." && base.args[0].op === "id" && base.args[0].args === "steps";
}

function resultOf(operator: string, left: JsonSchema, right: JsonSchema): JsonSchema {
  const kinds = [kindsOf(left), kindsOf(right)];
  const [leftKinds, rightKinds] = kinds;
  if (!leftKinds || !rightKinds) return anyShape;
  if (operator === "+" && leftKinds.has("string")) {
    return isFreeText(left) || isFreeText(right) ? freeTextShape : stringShape;
  }
  if (operator === "+" && leftKinds.has("list")) return listShape(unionOf([itemShape(left), itemShape(right)]));
  const isDouble = (each: ReadonlySet<ShapeKind>): boolean => each.has("double") && !each.has("int");
  if (isDouble(leftKinds) || isDouble(rightKinds)) return doubleShape;
  return leftKinds.has("double") || rightKinds.has("double") ? { type: "number" } : intShape;
}

function numberLike(shape: JsonSchema): JsonSchema {
  const kinds = kindsOf(shape);
  if (kinds === null) return anyShape;
  return kinds.has("double") ? (kinds.has("int") ? { type: "number" } : doubleShape) : intShape;
}

function boolHelp(kinds: ReadonlySet<ShapeKind>, source: string): string | null {
  if (kinds.has("string")) return `compare it, as in ${source} == "..."`;
  if (kinds.has("list") || kinds.has("map")) return `write size(${source}) > 0`;
  return kinds.has("int") || kinds.has("double") ? `compare it, as in ${source} > 0` : null;
}

function mayBe(shape: JsonSchema, kind: ShapeKind): boolean {
  return kindsOf(shape)?.has(kind) ?? true;
}
