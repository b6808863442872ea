import { suggest } from "../../diagnostic/suggest.ts";
import type { JsonSchema } from "../../util/json.ts";
import {
  anyShape,
  boolShape,
  describeKinds,
  isFreeText,
  itemShape,
  kindsOf,
  listShape,
  optionalShape,
  stringShape,
  unionOf,
} from "../shape.ts";
import { isStatusFunction, statusFunctions } from "../status-function.ts";
import { comprehensions, isComprehension, takesArguments, type Comprehension } from "./comprehension.ts";
import { accepts, globalFunctions, methods, overloadsFor, type Overload } from "./function.ts";
import { freeTextFinding } from "./comparison.ts";
import { functionHabit } from "./habit.ts";
import { sourceOf } from "./message.ts";
import type { CelNode } from "./parse.ts";
import { isBound, type BoundShapes, type ShapeReader } from "./shape-reader.ts";

/** Functions of CEL that this version refuses, and why. */
const refusedFunctions: ReadonlyMap<string, string> = new Map([
  ["timestamp", "times are not in this version yet; ISO 8601 texts in UTC compare as they are"],
  ["duration", "durations are not in this version yet; compute with numbers of seconds"],
  ["bytes", "bytes are not a value here; texts are"],
]);

/** Functions that compare a text with another. */
const textTests: ReadonlySet<string> = new Set([
  "contains",
  "startsWith",
  "endsWith",
  "matches",
  "indexOf",
  "lastIndexOf",
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

/** The shape of `f(x)`. */
export function globalCallShape(
  reader: ShapeReader,
  node: Extract<CelNode, { op: "call" }>,
  bound: BoundShapes,
): JsonSchema {
  const [name, args] = node.args;
  if (isStatusFunction(name)) return status(reader, node, name, args);
  if (name === "has") return has(reader, node, args, bound);
  const shapes = args.map((arg) => reader.shapeOf(arg, bound));
  if (name === "coalesce") {
    if (args.length === 0) return reader.problem(node, "WF4007", "coalesce takes at least one value", null);
    return unionOf(shapes.map((shape, index) => (index < args.length - 1 ? withoutNull(shape) : shape)));
  }
  const overloads = globalFunctions.get(name);
  if (overloads) return overloaded(reader, node, name, overloads, args, shapes);
  return unknownFunction(reader, node, name, args, null);
}

function status(reader: ShapeReader, node: CelNode, name: string, args: readonly CelNode[]): JsonSchema {
  if (!reader.scope.statusFunctions) reader.problem(node, "WF4005", `${name}() can be called in \`if\` only`, null);
  else if (args.length > 0) reader.problem(node, "WF4007", `${name}() takes no arguments`, "it asks about all `needs`");
  return boolShape;
}

function has(reader: ShapeReader, node: CelNode, args: readonly CelNode[], bound: BoundShapes): JsonSchema {
  const [select] = args;
  if (args.length !== 1 || !select || (select.op !== "." && select.op !== ".?")) {
    reader.problem(node, "WF4007", "has() takes one field", "write has(a.b)");
  } else {
    reader.shapeOf(select, bound);
  }
  return boolShape;
}

/** The shape of `x.f(y)`. */
export function methodCallShape(
  reader: ShapeReader,
  node: Extract<CelNode, { op: "rcall" }>,
  bound: BoundShapes,
): JsonSchema {
  const [name, receiver, args] = node.args;
  if (
    receiver.op === "id" &&
    (receiver.args === "optional" || receiver.args === "cel") &&
    !isBound(receiver.args, bound)
  ) {
    return namespaceCall(reader, node, `${receiver.args}.${name}`, args, bound);
  }
  const target = reader.shapeOf(receiver, bound);
  if (isComprehension(name)) return comprehension(reader, node, name, receiver, target, args, bound);
  if (optionalMethods.has(name)) return optionalCall(reader, node, target, bound);
  const before = reader.problems.length;
  const shapes = [target, ...args.map((arg) => reader.shapeOf(arg, bound))];
  if (reader.problems.length > before) return anyShape;
  const overloads = methods.get(name);
  if (overloads) return overloaded(reader, node, name, overloads, [receiver, ...args], shapes);
  return unknownFunction(reader, node, name, args, receiver);
}

function overloaded(
  reader: ShapeReader,
  node: CelNode,
  name: string,
  overloads: readonly Overload[],
  args: readonly CelNode[],
  shapes: readonly JsonSchema[],
): JsonSchema {
  const fitting = overloadsFor(overloads, args.length);
  const [subject] = args;
  if (reader.isGate && textTests.has(name) && subject && isFreeText(shapes[0] ?? anyShape)) {
    const { code, message, help } = freeTextFinding(subject);
    reader.problem(node, code, message, help);
    return boolShape;
  }
  if (fitting.length === 0) return wrongCount(reader, node, name, overloads, args.length);
  const kinds = shapes.map((shape) => kindsOf(shape));
  const found = fitting.filter(({ takes }) =>
    kinds.every((kind, index) => kind === null || [...kind].some((each) => accepts(takes[index] ?? "any", each))),
  );
  if (name === "sum" && !mayBeNumber(itemShape(shapes[0] ?? anyShape))) {
    return reader.problem(args[0] ?? node, "WF4007", "sum takes a list of numbers", null);
  }
  if (found[0]) return unionOf(found.map((overload) => overload.gives(shapes)));
  const wrong = args.findIndex((_, index) => {
    const kind = kinds[index];
    return kind && !fitting.some(({ takes }) => [...kind].some((each) => accepts(takes[index] ?? "any", each)));
  });
  const at = args[wrong] ?? node;
  const got = describeKinds(kinds[wrong] ?? new Set());
  const wanted = [...new Set(fitting.map(({ takes }) => takes[Math.max(0, wrong)] ?? "any"))].join(" or ");
  const help = name === "string" ? "to_json(...) makes text of lists and objects" : null;
  return reader.problem(at, "WF4007", `${name} takes ${wanted} here, and gets ${got}`, help);
}

function wrongCount(
  reader: ShapeReader,
  node: CelNode,
  name: string,
  overloads: readonly Overload[],
  count: number,
): JsonSchema {
  const isMethod = node.op === "rcall";
  const [first] = overloads;
  const most = (first?.takes.length ?? 0) - (isMethod ? 1 : 0);
  const least = most - (first?.optional ?? 0);
  const given = count - (isMethod ? 1 : 0);
  return reader.problem(node, "WF4007", `${name} takes ${range(least, most)}, and gets ${given}`, null);
}

function comprehension(
  reader: ShapeReader,
  node: CelNode,
  name: Comprehension,
  receiver: CelNode,
  target: JsonSchema,
  args: readonly CelNode[],
  outer: BoundShapes,
): JsonSchema {
  const [variable] = args;
  if (!takesArguments(name, args.length) || variable?.op !== "id") {
    return reader.problem(node, "WF4007", `${name} takes a name and an expression`, `write list.${name}(x, ...)`);
  }
  const kinds = kindsOf(target);
  if (kinds !== null && !kinds.has("list") && !kinds.has("map")) {
    const message = `${name} takes a list or an object, and ${sourceOf(receiver)} is ${describeKinds(kinds)}`;
    return reader.problem(receiver, "WF4007", message, null);
  }
  const isList = kinds !== null && !kinds.has("map");
  const isMap = kinds !== null && !kinds.has("list");
  const item = isList ? itemShape(target) : isMap ? stringShape : anyShape;
  const inner = { name: variable.args, shape: item, outer };
  if (name === "map") {
    if (args.length === 3) reader.expectBool(args[1] as CelNode, inner);
    return listShape(reader.shapeOf(args.at(-1) as CelNode, inner));
  }
  reader.expectBool(args[1] as CelNode, inner);
  return name === "filter" ? listShape(item) : boolShape;
}

function namespaceCall(
  reader: ShapeReader,
  node: CelNode,
  name: string,
  args: readonly CelNode[],
  bound: BoundShapes,
): JsonSchema {
  const count = namespaceFunctions.get(name);
  if (count === undefined) {
    const near = suggest(name, namespaceFunctions.keys());
    return reader.problem(node, "WF4006", `there is no function '${name}'`, near && `did you mean '${near}'?`);
  }
  if (count !== args.length) {
    return reader.problem(node, "WF4007", `${name} takes ${range(count, count)}, and gets ${args.length}`, null);
  }
  if (name !== "cel.bind") {
    for (const arg of args) reader.shapeOf(arg, bound);
    return optionalShape;
  }
  const [variable, value, body] = args as readonly [CelNode, CelNode, CelNode];
  const shape = reader.shapeOf(value, bound);
  return reader.shapeOf(body, { name: variable.op === "id" ? variable.args : "", shape, outer: bound });
}

function optionalCall(
  reader: ShapeReader,
  node: Extract<CelNode, { op: "rcall" }>,
  target: JsonSchema,
  bound: BoundShapes,
): JsonSchema {
  const [name, receiver, args] = node.args;
  const kinds = kindsOf(target);
  if (kinds !== null) {
    const message = `${name} opens an optional, and ${sourceOf(receiver)} is ${describeKinds(kinds)}`;
    return reader.problem(node, "WF4007", message, "an optional comes of a.?b; for null write coalesce(a.b, ...)");
  }
  const count = optionalMethods.get(name) ?? 0;
  if (count !== args.length) {
    return reader.problem(node, "WF4007", `${name} takes ${range(count, count)}, and gets ${args.length}`, null);
  }
  const [first, body] = args;
  if (body && first) reader.shapeOf(body, { name: first.op === "id" ? first.args : "", shape: anyShape, outer: bound });
  else if (first) reader.shapeOf(first, bound);
  return name === "hasValue" ? boolShape : anyShape;
}

function unknownFunction(
  reader: ShapeReader,
  node: CelNode,
  name: string,
  args: readonly CelNode[],
  receiver: CelNode | null,
): JsonSchema {
  const refused = refusedFunctions.get(name);
  if (refused && receiver === null) return reader.problem(node, "WF2007", `${name}() cannot be used`, refused);
  const habit = functionHabit(name, args.map(sourceOf), receiver && sourceOf(receiver));
  if (habit) return reader.problem(node, "WF4009", habit.message, habit.help);
  const known = receiver
    ? [...methods.keys(), ...comprehensions]
    : [...globalFunctions.keys(), "has", "coalesce", ...statusFunctions];
  const near = suggest(name, known);
  const help = near ? `did you mean '${near}'?` : `there are ${known.join(", ")}`;
  return reader.problem(node, "WF4006", `there is no function '${name}'`, help);
}

function mayBeNumber(shape: JsonSchema): boolean {
  const kinds = kindsOf(shape);
  return kinds === null || kinds.has("int") || kinds.has("double");
}

function withoutNull(shape: JsonSchema): JsonSchema {
  if (typeof shape !== "object" || !Array.isArray(shape["anyOf"])) return shape;
  const branches = (shape["anyOf"] as readonly JsonSchema[]).filter(
    (each) => [...(kindsOf(each) ?? [])].join() !== "null",
  );
  return unionOf(branches);
}

function range(least: number, most: number): string {
  if (least === most) return least === 0 ? "no arguments" : `${least} argument${least === 1 ? "" : "s"}`;
  return `${least} to ${most} arguments`;
}
