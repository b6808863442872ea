import { EvaluationError, isRecoverable } from "../evaluation-error.ts";
import type { Meter } from "../meter.ts";
import type { GateStatus } from "../scope.ts";
import { isStatusFunction } from "../status-function.ts";
import type { Context } from "../context.ts";
import { accepts, globalFunctions, methods, overloadsFor, type Overload } from "./function.ts";
import { comprehend, isComprehension } from "./comprehension.ts";
import { iterationName, type Bindings } from "./binding.ts";
import { show } from "./conversion.ts";
import { literalOf } from "./literal.ts";
import { keyText, missingField, sourceOf } from "./message.ts";
import { applyBinary, describe, negate } from "./operator.ts";
import type { CelNode } from "./parse.ts";
import { Patterns } from "./pattern.ts";
import { typeNames } from "./type-name.ts";
import {
  fieldNamesOf,
  fieldOf,
  fromJson,
  itemAt,
  kindOf,
  ListValue,
  MapValue,
  OptionalValue,
  sizeOf,
  TypeValue,
  type Value,
} from "./value.ts";

/** Evaluates one tree over one context. Every step is charged to the meter, so it always ends. */
export class Interpreter {
  readonly #context: Context;
  readonly #gate: GateStatus | undefined;
  readonly #patterns = new Patterns();
  readonly meter: Meter;

  constructor(context: Context, gate: GateStatus | undefined, meter: Meter) {
    this.#context = context;
    this.#gate = gate;
    this.meter = meter;
  }

  /** The value of a node. Throws EvaluationError. */
  run(node: CelNode, bindings: Bindings): Value {
    this.meter.charge(1);
    switch (node.op) {
      case "value":
        return literalOf(node.args);
      case "id":
        return this.#name(node.args, bindings);
      case ".":
        return this.#select(this.run(node.args[0], bindings), node.args[1], node.args[0]);
      case ".?":
        return this.#selectOptional(this.run(node.args[0], bindings), node.args[1]);
      case "[]":
        return this.#select(this.run(node.args[0], bindings), this.run(node.args[1], bindings), node.args[0]);
      case "[?]":
        return this.#selectOptional(this.run(node.args[0], bindings), this.run(node.args[1], bindings));
      case "?:":
        return this.run(this.bool(node.args[0], bindings) ? node.args[1] : node.args[2], bindings);
      case "&&":
        return this.#logic(node.args, false, bindings);
      case "||":
        return this.#logic(node.args, true, bindings);
      case "!_":
        return !this.bool(node.args, bindings);
      case "-_":
        // The smallest int is written as minus a literal that is itself too large.
        return node.args.op === "value" && typeof node.args.args === "bigint"
          ? negate(node.args.args)
          : negate(this.run(node.args, bindings));
      case "list":
        return new ListValue(node.args.map((item) => this.run(item, bindings)));
      case "map":
        return this.#map(node.args, bindings);
      case "call":
        return this.#callGlobal(node.args[0], node.args[1], node, bindings);
      case "rcall":
        return this.#callMethod(node.args[0], node.args[1], node.args[2], bindings);
      default:
        return applyBinary(node.op, this.run(node.args[0], bindings), this.run(node.args[1], bindings), this.meter);
    }
  }

  /** The value of a node that must be true or false. */
  bool(node: CelNode, bindings: Bindings): boolean {
    const value = this.run(node, bindings);
    if (typeof value === "boolean") return value;
    throw new EvaluationError("type", `${sourceOf(node)} must be true or false, and is ${describe(value)}`);
  }

  #name(name: string, bindings: Bindings): Value {
    for (let at = bindings; at !== null; at = at.outer) if (at.name === name) return at.value;
    const root = Object.hasOwn(this.#context, name) ? this.#context[name] : undefined;
    if (root !== undefined) return fromJson(root);
    const type = typeNames.get(name);
    if (type) return new TypeValue(type);
    throw new EvaluationError("missing", `there is no '${name}' here`);
  }

  /** `&&` and `||` as CEL has them: the deciding side wins over an error of the other. */
  #logic([left, right]: readonly [CelNode, CelNode], decides: boolean, bindings: Bindings): boolean {
    let failure: EvaluationError | null = null;
    try {
      if (this.bool(left, bindings) === decides) return decides;
    } catch (error) {
      if (!isRecoverable(error)) throw error;
      failure = error;
    }
    if (this.bool(right, bindings) === decides) return decides;
    if (failure) throw failure;
    return !decides;
  }

  #select(base: Value, key: Value, baseNode: CelNode): Value {
    if (base instanceof OptionalValue) return base.held === undefined ? base : this.#selectOptional(base, key);
    if (base === null) {
      throw new EvaluationError("null_field", `${sourceOf(baseNode)} is null, so ${keyText(key)} cannot be read`);
    }
    const found = lookUp(base, key, () => sourceOf(baseNode));
    if (found !== undefined) return found;
    if (kindOf(base) === "list") {
      throw new EvaluationError(
        "value",
        `${sourceOf(baseNode)} has ${sizeOf(base, this.meter)} items, and no item ${show(key)}`,
      );
    }
    throw new EvaluationError(
      "missing",
      missingField(sourceOf(baseNode), key as string, fieldNamesOf(base, this.meter) ?? []),
    );
  }

  #selectOptional(base: Value, key: Value): OptionalValue {
    const value = base instanceof OptionalValue ? base.held : base;
    if (value === undefined || value === null) return new OptionalValue(undefined);
    return new OptionalValue(lookUp(value, key, () => "the value"));
  }

  #map(pairs: readonly (readonly [CelNode, CelNode])[], bindings: Bindings): MapValue {
    const entries = new Map<string, Value>();
    for (const [keyNode, valueNode] of pairs) {
      const key = this.run(keyNode, bindings);
      if (typeof key !== "string") {
        throw new EvaluationError("type", `the key ${sourceOf(keyNode)} must be a text, and is ${describe(key)}`);
      }
      if (entries.has(key)) throw new EvaluationError("value", `the key ${JSON.stringify(key)} is there twice`);
      entries.set(key, this.run(valueNode, bindings));
    }
    return new MapValue(entries);
  }

  #callGlobal(name: string, args: readonly CelNode[], node: CelNode, bindings: Bindings): Value {
    if (name === "has") return this.#has(argumentOf(name, args, 0), bindings);
    if (name === "coalesce") return this.#coalesce(args, bindings);
    if (isStatusFunction(name)) return this.#status(name);
    const overloads = globalFunctions.get(name);
    if (!overloads) throw new EvaluationError("missing", `there is no function '${name}'`);
    return this.#apply(
      name,
      overloads,
      args.map((arg) => this.run(arg, bindings)),
      sourceOf(node),
    );
  }

  #callMethod(name: string, receiver: CelNode, args: readonly CelNode[], bindings: Bindings): Value {
    if (receiver.op === "id" && (receiver.args === "optional" || receiver.args === "cel")) {
      return this.#callNamespace(`${receiver.args}.${name}`, args, bindings);
    }
    const target = this.run(receiver, bindings);
    if (target === null) {
      throw new EvaluationError("null_field", `${sourceOf(receiver)} is null, so ${name}() cannot be called on it`);
    }
    if (isComprehension(name))
      return comprehend(this, { name, target, source: sourceOf(receiver), args, outer: bindings });
    if (target instanceof OptionalValue) return this.#callOptional(name, target, args, bindings);
    const overloads = methods.get(name);
    if (!overloads) throw new EvaluationError("missing", `there is no function '${name}' on ${describe(target)}`);
    return this.#apply(name, overloads, [target, ...args.map((arg) => this.run(arg, bindings))], sourceOf(receiver));
  }

  #apply(name: string, overloads: readonly Overload[], args: readonly Value[], source: string): Value {
    const kinds = args.map(kindOf);
    const overload = overloadsFor(overloads, args.length).find(({ takes }) =>
      kinds.every((kind, index) => accepts(takes[index] ?? "any", kind)),
    );
    if (overload) return overload.call(args, { meter: this.meter, patterns: this.#patterns });
    throw new EvaluationError("type", `${name} does not take (${kinds.join(", ")}) in ${source}`);
  }

  /** True when the field is there, even if it is null; false when anything before it is missing or null. */
  #has(select: CelNode, bindings: Bindings): boolean {
    if (select.op !== "." && select.op !== ".?")
      throw new EvaluationError("type", "has() takes a field, as in has(a.b)");
    try {
      const base = this.run(select.args[0], bindings);
      return this.#selectOptional(base, select.args[1]).held !== undefined;
    } catch (error) {
      if (isRecoverable(error) && (error.code === "missing" || error.code === "null_field")) return false;
      throw error;
    }
  }

  /** The first argument that is neither null nor missing. */
  #coalesce(args: readonly CelNode[], bindings: Bindings): Value {
    for (const arg of args) {
      try {
        const value = this.run(arg, bindings);
        const held = value instanceof OptionalValue ? (value.held ?? null) : value;
        if (held !== null) return held;
      } catch (error) {
        if (!isRecoverable(error) || (error.code !== "missing" && error.code !== "null_field")) throw error;
        // A thrown error costs about as much as this many nodes.
        this.meter.charge(50);
      }
    }
    return null;
  }

  #status(name: "success" | "failure" | "always" | "cancelled"): boolean {
    if (!this.#gate) throw new EvaluationError("missing", `${name}() can be called in \`if\` only`);
    return name === "always" || this.#gate[name];
  }

  #callNamespace(name: string, args: readonly CelNode[], bindings: Bindings): Value {
    if (name === "optional.none") return new OptionalValue(undefined);
    if (name === "cel.bind") {
      const value = this.run(argumentOf(name, args, 1), bindings);
      return this.run(argumentOf(name, args, 2), { name: iterationName(args[0]), value, outer: bindings });
    }
    const value = this.run(argumentOf(name, args, 0), bindings);
    if (name === "optional.of") return new OptionalValue(value);
    if (name === "optional.ofNonZeroValue") {
      const isZero =
        value === null || value === false || value === "" || Number(sizeOf(value, this.meter) ?? value) === 0;
      return new OptionalValue(isZero ? undefined : value);
    }
    throw new EvaluationError("missing", `there is no function '${name}'`);
  }

  #callOptional(name: string, target: OptionalValue, args: readonly CelNode[], bindings: Bindings): Value {
    const { held } = target;
    switch (name) {
      case "hasValue":
        return held !== undefined;
      case "value":
        if (held === undefined) throw new EvaluationError("missing", "value() of an optional that is empty");
        return held;
      case "orValue":
        return held === undefined ? this.run(argumentOf(name, args, 0), bindings) : held;
      case "or":
        return held === undefined ? this.run(argumentOf(name, args, 0), bindings) : target;
      case "optMap":
      case "optFlatMap": {
        if (held === undefined) return target;
        const inner = { name: iterationName(args[0]), value: held, outer: bindings };
        const result = this.run(argumentOf(name, args, 1), inner);
        return name === "optMap" ? new OptionalValue(result) : result;
      }
      default:
        throw new EvaluationError("missing", `there is no function '${name}' on an optional; orValue(...) opens it`);
    }
  }
}

/** The value at a key: undefined when it is not there, a `type` error when the base has no such keys. */
function lookUp(base: Value, key: Value, source: () => string): Value | undefined {
  const kind = kindOf(base);
  if (kind === "list" && (typeof key === "bigint" || (typeof key === "number" && Number.isInteger(key)))) {
    const index = Number(key);
    return index < 0 ? undefined : itemAt(base as ListValue, index);
  }
  if (kind === "map" && typeof key === "string") return fieldOf(base as MapValue, key);
  throw new EvaluationError("type", `${source()} is ${describe(base)}, so ${keyText(key)} cannot be read`);
}

/** An argument that the function needs; the check has said so before, but nothing here relies on it. */
function argumentOf(name: string, args: readonly CelNode[], index: number): CelNode {
  const node = args[index];
  if (node) return node;
  throw new EvaluationError("type", `${name} needs ${index + 1} argument${index === 0 ? "" : "s"}`);
}
