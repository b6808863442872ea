import type { DiagnosticCode } from "../../diagnostic/code.ts";
import { suggest } from "../../diagnostic/suggest.ts";
import { neverFinding } from "../cel/comparison.ts";
import { fieldProblem, outputsProblem, type FieldProblem } from "../field-problem.ts";
import { foreignRoots } from "../root.ts";
import type { ExpressionProblem, ExpressionScope } from "../scope.ts";
import {
  anyShape,
  boolShape,
  declaresField,
  describeKinds,
  fieldShape,
  isFilePath,
  intShape,
  itemShape,
  kindsOf,
  stringShape,
} from "../shape.ts";
import type { JsonSchema } from "../../util/json.ts";
import { helpers } from "./helper.ts";
import type { Place, TextBlock, TextCall, TextExpression, TextPart, TextPath } from "./tree.ts";

/** The context inside an `#each` or `#with`, as far as its shape is known. */
interface FrameShape {
  readonly shape: JsonSchema;
  readonly isEach: boolean;
  readonly named: { readonly [name: string]: JsonSchema };
  readonly outer: FrameShape | null;
}

/** The shape that a path starts with, and how many of its parts that took. */
interface StartShape {
  readonly shape: JsonSchema;
  readonly used: number;
}

/** How a value is used: `ask` places take a missing name as null, `print` places put it into the text. */
type Use = "ask" | "print";

/** Collects what is wrong with the names and helpers of a text. A path with a problem has the shape `true`. */
export class TextChecker {
  readonly problems: ExpressionProblem[] = [];
  readonly #scope: ExpressionScope;
  /** Paths that an `#if` around has asked for, as written. */
  readonly #asked: string[] = [];

  constructor(scope: ExpressionScope) {
    this.#scope = scope;
  }

  check(parts: readonly TextPart[], frame: FrameShape | null = null): void {
    for (const part of parts) {
      if (part.kind === "print") this.#shapeOf(part.value, frame, "print");
      else if (part.kind === "block") this.#block(part, frame);
    }
  }

  #block(node: TextBlock, frame: FrameShape | null): void {
    const isAsked = node.block === "if" || node.block === "unless";
    const shape = this.#shapeOf(node.value, frame, isAsked ? "ask" : "print");
    if (isAsked) return this.#asking(node, frame);
    const kinds = kindsOf(shape);
    if (node.block === "each" && kinds !== null && !kinds.has("list") && !kinds.has("map")) {
      const help = kinds.has("string") ? `one line each: {{#each (lines ${sourceOf(node.value)})}}` : null;
      this.#problem(
        node.value,
        "WF4007",
        `#each takes a list or an object, and ${sourceOf(node.value)} is ${describeKinds(kinds)}`,
        help,
      );
    }
    const inner = node.block === "with" ? shape : valuesOfEach(shape);
    const key = kinds === null || kinds.has("map") ? anyShape : intShape;
    const [valueName, keyName] = node.names;
    const named = Object.fromEntries([
      ...(valueName === undefined ? [] : [[valueName, inner] as const]),
      ...(keyName === undefined ? [] : [[keyName, key] as const]),
    ]);
    this.check(node.body, { shape: inner, isEach: node.block === "each", named, outer: frame });
    this.check(node.otherwise, frame);
  }

  /** Inside `{{#if x}}` x is there, so it may be printed even if its schema does not require it. */
  #asking(node: TextBlock, frame: FrameShape | null): void {
    const asked = pathsOf(node.value);
    const [sure, unsure] = node.block === "if" ? [node.body, node.otherwise] : [node.otherwise, node.body];
    this.#asked.push(...asked);
    this.check(sure, frame);
    this.#asked.length -= asked.length;
    this.check(unsure, frame);
  }

  #shapeOf(node: TextExpression, frame: FrameShape | null, use: Use): JsonSchema {
    if (node.kind === "literal") return { const: node.value };
    return node.kind === "path" ? this.#path(node, frame, use) : this.#call(node, frame);
  }

  #call(node: TextCall, frame: FrameShape | null): JsonSchema {
    const helper = helpers.get(node.helper);
    if (!helper) return anyShape;
    const shapes: JsonSchema[] = [];
    for (const [index, arg] of node.args.entries()) {
      const before = this.problems.length;
      const shape = this.#shapeOf(arg, frame, helper.isLenient ? "ask" : "print");
      shapes.push(shape);
      if (node.helper === "file" && arg.kind !== "literal" && this.problems.length === before && !isFilePath(shape)) {
        const help = "write {{ file item }} in a step with `for_each: { glob: ... }`, or read the file in a `run` step";
        this.#problem(arg, "WF4007", `file takes a literal path, or an item of \`glob\`, and not any text`, help);
        continue;
      }
      const kinds = kindsOf(shape);
      const takes = helper.takes[Math.min(index, helper.takes.length - 1)];
      if (!takes || kinds === null || [...kinds].some((kind) => takes.includes(kind))) continue;
      const wanted = describeKinds(new Set(takes.filter((kind) => kind !== "null")));
      this.#problem(
        arg,
        "WF4007",
        `${node.helper} takes ${wanted} here, and gets ${describeKinds(kinds)}`,
        `write ${helper.usage}`,
      );
    }
    this.#comparison(node, shapes);
    for (const { value } of node.options) this.#shapeOf(value, frame, "print");
    return helper.gives === "bool" ? boolShape : helper.gives === "string" ? stringShape : anyShape;
  }

  /** `eq` and `ne` with a text that the other side can never be. */
  #comparison(node: TextCall, shapes: readonly JsonSchema[]): void {
    if (node.helper !== "eq" && node.helper !== "ne") return;
    const [left, right] = node.args;
    for (const [side, other, shape] of [
      [left, right, shapes[0]],
      [right, left, shapes[1]],
    ] as const) {
      if (side?.kind !== "path" || other?.kind !== "literal" || shape === undefined) continue;
      const found = neverFinding(side.source, shape, other.value, node.helper === "eq" ? "false" : "true");
      if (found !== null) this.#problem(node, found.code, found.message, found.help);
    }
  }

  #path(node: TextPath, frame: FrameShape | null, use: Use): JsonSchema {
    const start = this.#start(node, frame);
    if (start === null) return anyShape;
    let { shape } = start;
    let isSure = true;
    for (const [index, part] of node.parts.entries()) {
      if (index < start.used) continue;
      const isOutputs = part === "outputs" && index === 2 && node.parts[0] === "steps";
      const field = partShape(shape, part);
      if (isOutputs || field.is !== "field") {
        const read = node.parts.slice(0, index).join(".") || "the item";
        const rest = node.parts.slice(index + 1).map((name) => `.${name}`);
        const problem =
          isOutputs || field.is === "field"
            ? outputsProblem(read, rest.join(""))
            : fieldProblem(field, read, part, this.#scope.suggest);
        return this.#problem(placeOfPart(node, index), ...inOrder(problem));
      }
      shape = field.shape;
      isSure &&= field.sure;
    }
    if (!isSure && use === "print" && !this.#asked.includes(node.source)) {
      this.#problem(
        node,
        "WF4013",
        `${node.source} may be missing: its schema does not require it`,
        `add it to \`required\`, or write {{ default ${node.source} "..." }} or {{#if ${node.source}}}`,
      );
    }
    return shape;
  }

  /** The shape a path starts with and how many parts that took; null after a problem. */
  #start(node: TextPath, frame: FrameShape | null): StartShape | null {
    if (node.isData) return this.#data(node, frame);
    const [head] = node.parts;
    let at = frame;
    for (let up = node.up; up > 0; up--) {
      if (at === null) return this.#nothing(node, "WF4004", `${node.source} leads outside of all blocks`, null);
      at = at.outer;
    }
    if (head === undefined) {
      if (at !== null) return { shape: at.shape, used: 0 };
      return this.#nothing(node, "WF4004", `${node.source} has a meaning inside #each and #with only`, null);
    }
    if (node.isOwn && at !== null) return { shape: at.shape, used: 0 };
    for (let outer = node.isOwn ? null : at; outer !== null; outer = outer.outer) {
      if (Object.hasOwn(outer.named, head)) return { shape: outer.named[head] as JsonSchema, used: 1 };
    }
    return at === null ? this.#root(node, head, 1, []) : this.#fieldOrRoot(node, head, at);
  }

  #fieldOrRoot(node: TextPath, head: string, { shape }: FrameShape): StartShape | null {
    const isRoot = Object.hasOwn(this.#scope.names, head);
    if (declaresField(shape, head)) {
      if (!isRoot) return { shape, used: 0 };
      const help = `write this.${head} for the field, or @root.${head}`;
      return this.#nothing(node, "WF4011", `'${head}' is a field of the item and a name outside of the block`, help);
    }
    if (isRoot || Object.hasOwn(this.#scope.hidden, head)) return this.#root(node, head, 1, []);
    const field = fieldShape(shape, head);
    if (field.is === "field") return { shape, used: 0 };
    return this.#root(node, head, 1, field.is === "unknown" ? field.known : []);
  }

  #root(node: TextPath, head: string, used: number, fields: readonly string[]): StartShape | null {
    const { names, hidden } = this.#scope;
    if (Object.hasOwn(names, head)) return { shape: names[head] as JsonSchema, used };
    const place = placeOfPart(node, used - 1);
    if (Object.hasOwn(hidden, head)) {
      return this.#nothing(place, "WF4005", `'${head}' cannot be read here`, hidden[head] as string);
    }
    const near = (this.#scope.suggest ?? suggest)(head, [...fields, ...Object.keys(names)]);
    const foreign = foreignRoots.get(head);
    if (foreign && !near) return this.#nothing(place, "WF4009", `there is no '${head}'`, foreign);
    const there = [...new Set([...fields, ...Object.keys(names)])].slice(0, 20).join(", ");
    const help = near ? `did you mean '${near}'?` : there === "" ? "no names are in reach here" : `in reach: ${there}`;
    return this.#nothing(place, "WF4004", `unknown name '${head}'`, help);
  }

  #data(node: TextPath, frame: FrameShape | null): StartShape | null {
    const [name = "", root] = node.parts;
    if (name === "root") {
      if (root !== undefined) return this.#root(node, root, 2, []);
      return this.#nothing(node, "WF4004", "@root is not a value", "write @root.NAME");
    }
    let at = nearestEach(frame);
    for (let up = node.up; up > 0; up--) at = nearestEach(at?.outer ?? null);
    const names = ["index", "key", "first", "last"];
    if (!names.includes(name)) {
      const near = suggest(name, names);
      const help = near ? `did you mean '@${near}'?` : "there are @index, @key, @first, @last, @root";
      return this.#nothing(node, "WF4004", `there is no '${node.source}'`, help);
    }
    if (at === null) return this.#nothing(node, "WF4004", `${node.source} has a meaning inside #each only`, null);
    const shape = name === "index" ? intShape : name === "key" ? anyShape : boolShape;
    return { shape, used: 1 };
  }

  #nothing(place: Place, code: DiagnosticCode, message: string, help: string | null): null {
    this.#problem(place, code, message, help);
    return null;
  }

  #problem({ offset, length }: Place, code: DiagnosticCode, message: string, help: string | null): JsonSchema {
    this.problems.push({ code, message, help, offset, length });
    return anyShape;
  }
}

/** A field, or an item of a list by its number. */
function partShape(shape: JsonSchema, part: string): ReturnType<typeof fieldShape> {
  const kinds = kindsOf(shape);
  if (kinds?.has("list") && !kinds.has("map")) {
    if (/^\d+$/.test(part)) return { is: "field", shape: itemShape(shape), sure: true };
    if (part === "length") return { is: "field", shape: intShape, sure: true };
  }
  return fieldShape(shape, part);
}

/** What `#each` goes over: the items of a list, the values of an object. */
function valuesOfEach(shape: JsonSchema): JsonSchema {
  const kinds = kindsOf(shape);
  return kinds !== null && kinds.has("list") && !kinds.has("map") ? itemShape(shape) : anyShape;
}

/** The paths that are there when a condition holds. */
function pathsOf(node: TextExpression): readonly string[] {
  if (node.kind === "path") return [node.source];
  return node.kind === "call" && node.helper === "and" ? node.args.flatMap(pathsOf) : [];
}

/** Where a part of a path stands. */
function placeOfPart(node: TextPath, index: number): Place {
  let end = 0;
  let start = 0;
  for (const part of node.parts.slice(0, index + 1)) {
    start = node.source.indexOf(part, end);
    end = start + part.length;
  }
  return start < 0 ? node : { offset: node.offset + start, length: end - start };
}

function nearestEach(frame: FrameShape | null): FrameShape | null {
  let at = frame;
  while (at !== null && !at.isEach) at = at.outer;
  return at;
}

function inOrder({ code, message, help }: FieldProblem): readonly [DiagnosticCode, string, string | null] {
  return [code, message, help];
}

function sourceOf(node: TextExpression): string {
  return node.kind === "path" ? node.source : "the value";
}
