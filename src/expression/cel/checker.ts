import type { DiagnosticCode } from "../../diagnostic/code.ts";
import { suggest } from "../../diagnostic/suggest.ts";
import { fieldProblem } from "../field-problem.ts";
import { foreignRoots } from "../root.ts";
import type { ExpressionProblem, ExpressionScope } from "../scope.ts";
import {
  anyShape,
  boolShape,
  describeKinds,
  doubleShape,
  fieldShape,
  intShape,
  itemShape,
  kindsOf,
  listShape,
  nullShape,
  stringShape,
  unionOf,
  type ShapeKind,
} from "../shape.ts";
import { isStatusFunction } from "../status-function.ts";
import type { Json, JsonSchema } from "../../util/json.ts";
import { accepts, globalFunctions, methods, overloadsFor, type Overload } from "./function.ts";
import { comparisonProblem } from "./comparison.ts";
import { comprehensions, isComprehension, takesArguments, type Comprehension } from "./comprehension.ts";
import { functionHabit, ternaryHabit, type Habit } from "./habit.ts";
import { sourceOf } from "./interpreter.ts";
import { literalOf } from "./literal.ts";
import type { CelNode } from "./parse.ts";
import { typeNames } from "./type-name.ts";

/** A name that a macro bound, with its shape. */
interface BoundShape {
  readonly name: string;
  readonly shape: JsonSchema;
  readonly outer: BoundShapes;
}
type BoundShapes = BoundShape | null;

/** Functions of CEL that this version refuses, and why. */
const refusedFunctions: ReadonlyMap<string, string> = new Map([
  ["timestamp", "times are not in this version yet; ISO 8601 texts in UTC compare as they are"],
  ["duration", "durations are not in this version yet; compute with numbers of seconds"],
  ["bytes", "bytes are not a value here; texts are"],
]);

const namespaceFunctions: ReadonlyMap<string, number> = new Map([
  ["optional.of", 1],
  ["optional.none", 0],
  ["optional.ofNonZeroValue", 1],
  ["cel.bind", 3],
]);

const optionalMethods: ReadonlyMap<string, number> = new Map([
  ["hasValue", 0],
  ["value", 0],
  ["orValue", 1],
  ["or", 1],
  ["optMap", 2],
  ["optFlatMap", 2],
]);

/** An optional value: nothing is said about what it holds. */
const optionalShape: JsonSchema = anyShape;

/**
 * Infers the shape of every node and collects what cannot work. A node with a problem has the shape `true`, so one
 * mistake gives one problem.
 */
export class CelChecker {
  readonly problems: ExpressionProblem[] = [];
  readonly #scope: ExpressionScope;
  readonly #isCondition: boolean;

  constructor(scope: ExpressionScope, isCondition: boolean) {
    this.#scope = scope;
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
        return this.#field(node, node.args[0], node.args[1], bound);
      case ".?":
        this.#field(node, node.args[0], node.args[1], bound);
        return optionalShape;
      case "[]":
        return this.#index(node, node.args, bound);
      case "[?]":
        this.#index(node, node.args, bound);
        return optionalShape;
      case "?:": {
        this.#expectBool(node.args[0], bound);
        return unionOf([this.shapeOf(node.args[1], bound), this.shapeOf(node.args[2], bound)]);
      }
      case "&&":
      case "||":
        return this.#logic(node, bound);
      case "!_":
        this.#expectBool(node.args, bound);
        return boolShape;
      case "-_":
        return this.#negation(node, node.args, bound);
      case "list":
        return listShape(node.args.length === 0 ? anyShape : unionOf(node.args.map((item) => this.shapeOf(item, bound))));
      case "map":
        return this.#map(node.args, bound);
      case "call":
        return this.#globalCall(node, node.args[0], node.args[1], bound);
      case "rcall":
        return this.#methodCall(node, node.args[0], node.args[1], node.args[2], bound);
      default:
        return this.#binary(node, node.op, node.args, bound);
    }
  }

  #literal(node: Extract<CelNode, { op: "value" }>): JsonSchema {
    if (node.args instanceof Uint8Array) {
      return this.#problem(node, "WF4007", "bytes are not a value here", "write a text without the b before it");
    }
    let value: ReturnType<typeof literalOf>;
    try {
      value = literalOf(node.args);
    } catch {
      return this.#problem(node, "WF4007", "the number does not fit into a 64-bit integer", "write it as a text or a double");
    }
    if (typeof value === "bigint") return intShape;
    if (typeof value === "number") return doubleShape;
    return value === null ? nullShape : { const: value as Json };
  }

  #name(name: string, node: CelNode, bound: BoundShapes): JsonSchema {
    for (let at = bound; at !== null; at = at.outer) if (at.name === name) return at.shape;
    const { names, hidden } = this.#scope;
    if (Object.hasOwn(names, name)) return names[name] as JsonSchema;
    if (Object.hasOwn(hidden, name)) {
      return this.#problem(node, "WF4005", `'${name}' cannot be read here`, hidden[name] as string);
    }
    if (typeNames.has(name)) return anyShape;
    const foreign = foreignRoots.get(name);
    const near = suggest(name, boundNames(bound, Object.keys(names)));
    if (foreign && !near) return this.#problem(node, "WF4009", `there is no '${name}'`, foreign);
    const reach = Object.keys(names).join(", ");
    const help = near ? `did you mean '${near}'?` : reach === "" ? "no names are in reach here" : `in reach: ${reach}`;
    return this.#problem(node, "WF4004", `unknown name '${name}'`, help);
  }

  #field(node: CelNode, baseNode: CelNode, name: string, bound: BoundShapes): JsonSchema {
    const base = this.shapeOf(baseNode, bound);
    return this.#fieldOf(base, baseNode, name, node.end - name.length, node.end);
  }

  #fieldOf(base: JsonSchema, baseNode: CelNode, name: string, start: number, end: number): JsonSchema {
    const field = fieldShape(base, name);
    if (field.is === "field" && !isStepOutputs(baseNode, name)) return field.shape;
    const problem = fieldProblem(field, sourceOf(baseNode), name, isStepOutputs(baseNode, name));
    this.problems.push({ ...problem, offset: start, length: end - start });
    return anyShape;
  }

  #index(node: CelNode, [baseNode, keyNode]: readonly [CelNode, CelNode], bound: BoundShapes): JsonSchema {
    const base = this.shapeOf(baseNode, bound);
    const key = this.shapeOf(keyNode, bound);
    const kinds = kindsOf(base);
    if (keyNode.op === "value" && typeof keyNode.args === "string" && (kinds === null || kinds.has("map"))) {
      return this.#fieldOf(base, baseNode, keyNode.args, keyNode.start, keyNode.end);
    }
    const keyKinds = kindsOf(key);
    if (kinds === null || keyKinds === null) return anyShape;
    if (kinds.has("list") && (keyKinds.has("int") || keyKinds.has("double"))) return itemShape(base);
    if (kinds.has("map") && keyKinds.has("string")) return anyShape;
    const message = `${sourceOf(baseNode)} is ${describeKinds(kinds)}, which has no item by ${describeKinds(keyKinds)}`;
    return this.#problem(node, "WF4007", message, null);
  }

  #logic(node: Extract<CelNode, { op: "&&" | "||" }>, bound: BoundShapes): JsonSchema {
    const [left, right] = node.args;
    const before = this.problems.length;
    if (node.op === "||" && left.op === "&&") {
      this.#expectBool(left.args[0], bound);
      const chosen = this.shapeOf(left.args[1], bound);
      const otherwise = this.shapeOf(right, bound);
      if (this.problems.length > before) return anyShape;
      if (!mayBe(chosen, "bool") || !mayBe(otherwise, "bool")) {
        this.#habit(node, ternaryHabit(sourceOf(left.args[0]), sourceOf(left.args[1]), sourceOf(right)));
        return unionOf([chosen, otherwise]);
      }
      return boolShape;
    }
    const habit = node.op === "||" ? `coalesce(${sourceOf(left)}, ${sourceOf(right)})` : null;
    this.#expectBool(left, bound, habit);
    if (this.problems.length === before) this.#expectBool(right, bound, habit);
    else this.shapeOf(right, bound);
    return boolShape;
  }

  #expectBool(node: CelNode, bound: BoundShapes, alternative: string | null = null): void {
    const kinds = kindsOf(this.shapeOf(node, bound));
    if (kinds === null || kinds.has("bool")) return;
    const help = alternative ? `for a value in place of null write ${alternative}` : boolHelp(kinds, sourceOf(node));
    this.#problem(node, "WF4007", `${sourceOf(node)} is ${describeKinds(kinds)}, and must be true or false`, help);
  }

  #negation(node: CelNode, operand: CelNode, bound: BoundShapes): JsonSchema {
    if (operand.op === "value" && typeof operand.args === "bigint") return intShape;
    const shape = this.shapeOf(operand, bound);
    if (mayBe(shape, "int") || mayBe(shape, "double")) return numberLike(shape);
    return this.#problem(node, "WF4007", `-x takes a number, and gets ${describeKinds(kindsOf(shape) ?? new Set())}`, null);
  }

  #map(pairs: readonly (readonly [CelNode, CelNode])[], bound: BoundShapes): JsonSchema {
    const properties: [string, JsonSchema][] = [];
    let isClosed = true;
    for (const [keyNode, valueNode] of pairs) {
      const isPlainName = keyNode.op === "id" && !Object.hasOwn(this.#scope.names, keyNode.args) && !isBound(keyNode.args, bound);
      const key = isPlainName
        ? this.#problem(keyNode, "WF4009", "keys of an object stand in quotes", `write {"${keyNode.args}": ...}`)
        : this.shapeOf(keyNode, bound);
      const value = this.shapeOf(valueNode, bound);
      if (keyNode.op === "value" && typeof keyNode.args === "string") properties.push([keyNode.args, value]);
      else isClosed = false;
      if (!mayBe(key, "string")) this.#problem(keyNode, "WF4007", "the keys of an object are texts", "write it in quotes");
    }
    const required = properties.map(([key]) => key);
    const shape = { type: "object", properties: Object.fromEntries(properties), required };
    return isClosed ? { ...shape, additionalProperties: false } : { type: "object" };
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

  #globalCall(node: CelNode, name: string, args: readonly CelNode[], bound: BoundShapes): JsonSchema {
    if (isStatusFunction(name)) return this.#status(node, name, args);
    if (name === "has") return this.#has(node, args, bound);
    const shapes = args.map((arg) => this.shapeOf(arg, bound));
    if (name === "coalesce") {
      if (args.length === 0) return this.#problem(node, "WF4007", "coalesce takes at least one value", null);
      return unionOf(shapes.map((shape, index) => (index < args.length - 1 ? withoutNull(shape) : shape)));
    }
    const overloads = globalFunctions.get(name);
    if (overloads) return this.#overloaded(node, name, overloads, args, shapes);
    return this.#unknownFunction(node, name, args, null);
  }

  #status(node: CelNode, name: string, args: readonly CelNode[]): JsonSchema {
    if (!this.#scope.statusFunctions) this.#problem(node, "WF4005", `${name}() can be called in \`if\` only`, null);
    else if (args.length > 0) this.#problem(node, "WF4007", `${name}() takes no arguments`, "it asks about all `needs`");
    return boolShape;
  }

  #has(node: CelNode, args: readonly CelNode[], bound: BoundShapes): JsonSchema {
    const [select] = args;
    if (args.length !== 1 || !select || (select.op !== "." && select.op !== ".?")) {
      this.#problem(node, "WF4007", "has() takes one field", "write has(a.b)");
    } else {
      this.shapeOf(select, bound);
    }
    return boolShape;
  }

  #methodCall(node: CelNode, name: string, receiver: CelNode, args: readonly CelNode[], bound: BoundShapes): JsonSchema {
    if (receiver.op === "id" && (receiver.args === "optional" || receiver.args === "cel") && !isBound(receiver.args, bound)) {
      return this.#namespaceCall(node, `${receiver.args}.${name}`, args, bound);
    }
    const target = this.shapeOf(receiver, bound);
    if (isComprehension(name)) return this.#comprehension(node, name, receiver, target, args, bound);
    if (optionalMethods.has(name)) return this.#optionalCall(node, name, args, bound);
    const before = this.problems.length;
    const shapes = [target, ...args.map((arg) => this.shapeOf(arg, bound))];
    if (this.problems.length > before) return anyShape;
    const overloads = methods.get(name);
    if (overloads) return this.#overloaded(node, name, overloads, [receiver, ...args], shapes);
    return this.#unknownFunction(node, name, args, receiver);
  }

  #overloaded(
    node: CelNode,
    name: string,
    overloads: readonly Overload[],
    args: readonly CelNode[],
    shapes: readonly JsonSchema[],
  ): JsonSchema {
    const fitting = overloadsFor(overloads, args.length);
    if (fitting.length === 0) return this.#wrongCount(node, name, overloads, args.length);
    const kinds = shapes.map((shape) => kindsOf(shape));
    const found = fitting.filter(({ takes }) =>
      kinds.every((kind, index) => kind === null || [...kind].some((each) => accepts(takes[index] ?? "any", each))),
    );
    if (found[0]) return unionOf(found.map((overload) => overload.gives(shapes)));
    const wrong = args.findIndex((_, index) => {
      const kind = kinds[index];
      return kind && !fitting.some(({ takes }) => [...kind].some((each) => accepts(takes[index] ?? "any", each)));
    });
    const at = args[wrong] ?? node;
    const got = describeKinds(kinds[wrong] ?? new Set());
    const wanted = [...new Set(fitting.map(({ takes }) => takes[Math.max(0, wrong)] ?? "any"))].join(" or ");
    const help = name === "string" ? "to_json(...) makes text of lists and objects" : null;
    return this.#problem(at, "WF4007", `${name} takes ${wanted} here, and gets ${got}`, help);
  }

  #wrongCount(node: CelNode, name: string, overloads: readonly Overload[], count: number): JsonSchema {
    const isMethod = node.op === "rcall";
    const [first] = overloads;
    const most = (first?.takes.length ?? 0) - (isMethod ? 1 : 0);
    const least = most - (first?.optional ?? 0);
    const given = count - (isMethod ? 1 : 0);
    if (isMethod) return this.#problem(node, "WF4007", `${name} takes ${range(least, most)}, and gets ${given}`, null);
    return this.#problem(node, "WF4007", `${name} takes ${range(least, most)}, and gets ${given}`, null);
  }

  #comprehension(
    node: CelNode,
    name: Comprehension,
    receiver: CelNode,
    target: JsonSchema,
    args: readonly CelNode[],
    outer: BoundShapes,
  ): JsonSchema {
    const [variable] = args;
    if (!takesArguments(name, args.length) || variable?.op !== "id") {
      return this.#problem(node, "WF4007", `${name} takes a name and an expression`, `write list.${name}(x, ...)`);
    }
    const kinds = kindsOf(target);
    if (kinds !== null && !kinds.has("list") && !kinds.has("map")) {
      const message = `${name} takes a list or an object, and ${sourceOf(receiver)} is ${describeKinds(kinds)}`;
      return this.#problem(receiver, "WF4007", message, null);
    }
    const isList = kinds !== null && !kinds.has("map");
    const isMap = kinds !== null && !kinds.has("list");
    const item = isList ? itemShape(target) : isMap ? stringShape : anyShape;
    const inner = { name: variable.args, shape: item, outer };
    if (name === "map") {
      if (args.length === 3) this.#expectBool(args[1] as CelNode, inner);
      return listShape(this.shapeOf(args.at(-1) as CelNode, inner));
    }
    this.#expectBool(args[1] as CelNode, inner);
    return name === "filter" ? listShape(item) : boolShape;
  }

  #namespaceCall(node: CelNode, name: string, args: readonly CelNode[], bound: BoundShapes): JsonSchema {
    const count = namespaceFunctions.get(name);
    if (count === undefined) {
      const near = suggest(name, namespaceFunctions.keys());
      return this.#problem(node, "WF4006", `there is no function '${name}'`, near && `did you mean '${near}'?`);
    }
    if (count !== args.length) {
      return this.#problem(node, "WF4007", `${name} takes ${range(count, count)}, and gets ${args.length}`, null);
    }
    if (name !== "cel.bind") {
      for (const arg of args) this.shapeOf(arg, bound);
      return optionalShape;
    }
    const [variable, value, body] = args as readonly [CelNode, CelNode, CelNode];
    const shape = this.shapeOf(value, bound);
    return this.shapeOf(body, { name: variable.op === "id" ? variable.args : "", shape, outer: bound });
  }

  #optionalCall(node: CelNode, name: string, args: readonly CelNode[], bound: BoundShapes): JsonSchema {
    const count = optionalMethods.get(name) ?? 0;
    if (count !== args.length) {
      return this.#problem(node, "WF4007", `${name} takes ${range(count, count)}, and gets ${args.length}`, null);
    }
    const [first, body] = args;
    if (body && first) this.shapeOf(body, { name: first.op === "id" ? first.args : "", shape: anyShape, outer: bound });
    else if (first) this.shapeOf(first, bound);
    return name === "hasValue" ? boolShape : anyShape;
  }

  #unknownFunction(node: CelNode, name: string, args: readonly CelNode[], receiver: CelNode | null): JsonSchema {
    const refused = refusedFunctions.get(name);
    if (refused && receiver === null) return this.#problem(node, "WF2007", `${name}() cannot be used`, refused);
    const habit = functionHabit(name, args.map(sourceOf), receiver && sourceOf(receiver));
    if (habit) return this.#habit(node, habit);
    const known = receiver
      ? [...methods.keys(), ...comprehensions]
      : [...globalFunctions.keys(), "has", "coalesce", "success", "failure", "always", "cancelled"];
    const near = suggest(name, known);
    const help = near ? `did you mean '${near}'?` : `there are ${known.join(", ")}`;
    // Arguments of an unknown function may be anything; they have been checked already where that makes sense.
    return this.#problem(node, "WF4006", `there is no function '${name}'`, help);
  }

  #habit(node: CelNode, { message, help }: Habit): JsonSchema {
    return this.#problem(node, "WF4009", message, help);
  }

  #problem(node: CelNode, code: DiagnosticCode, message: string, help: string | null): JsonSchema {
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
    const free = [left, right].find((shape) => typeof shape === "object" && shape["x-free-text"] === true);
    return free ?? stringShape;
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

function withoutNull(shape: JsonSchema): JsonSchema {
  if (typeof shape !== "object" || !Array.isArray(shape["anyOf"])) return shape;
  const branches = (shape["anyOf"] as readonly JsonSchema[]).filter((each) => [...(kindsOf(each) ?? [])].join() !== "null");
  return unionOf(branches);
}

function mayBe(shape: JsonSchema, kind: ShapeKind): boolean {
  return kindsOf(shape)?.has(kind) ?? true;
}

function isBound(name: string, bound: BoundShapes): boolean {
  for (let at = bound; at !== null; at = at.outer) if (at.name === name) return true;
  return false;
}

function boundNames(bound: BoundShapes, others: readonly string[]): string[] {
  const names = [...others];
  for (let at = bound; at !== null; at = at.outer) names.push(at.name);
  return names;
}

function range(least: number, most: number): string {
  if (least === most) return least === 0 ? "no arguments" : `${least} argument${least === 1 ? "" : "s"}`;
  return `${least} to ${most} arguments`;
}
