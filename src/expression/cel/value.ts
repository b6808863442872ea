import { EvaluationError } from "../evaluation-error.ts";
import { deepestJson } from "../limit.ts";
import type { Meter } from "../meter.ts";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.ts";

/**
 * A value while CEL runs. Lists and objects of the context stay as they are (their numbers are read by `fromJson`
 * one at a time); what an expression builds is a `ListValue` or `MapValue`, whose items are values already: so a
 * double with a whole value, like `double(7)`, stays a double inside a list.
 */
export type Value =
  | null
  | boolean
  /** int: 64 bit signed. */
  | bigint
  /** double: always finite. */
  | number
  | string
  | readonly Json[]
  | JsonObject
  | ListValue
  | MapValue
  | OptionalValue
  | TypeValue;

/** A list that an expression made. */
export class ListValue {
  readonly items: readonly Value[];
  constructor(items: readonly Value[]) {
    this.items = items;
  }
}

/** A map that an expression made; keys are text as in JSON. */
export class MapValue {
  readonly entries: ReadonlyMap<string, Value>;
  constructor(entries: ReadonlyMap<string, Value>) {
    this.entries = entries;
  }
}

/** `optional.of(x)` or `optional.none()`: undefined inside. */
export class OptionalValue {
  readonly held: Value | undefined;
  constructor(held: Value | undefined) {
    this.held = held;
  }
}

/** What `type(x)` gives. */
export class TypeValue {
  readonly of: ValueKind;
  constructor(of: ValueKind) {
    this.of = of;
  }
}

/** The types of CEL that exist here, by the names that messages show. */
export const valueKinds = ["null", "bool", "int", "double", "string", "list", "map", "optional", "type"] as const;
export type ValueKind = (typeof valueKinds)[number];

const smallestInt = -(2n ** 63n);
const largestInt = 2n ** 63n - 1n;

/** A value of the context as CEL sees it: a whole number is an int, any other a double. */
export function fromJson(json: Json): Value {
  return typeof json === "number" && Number.isSafeInteger(json) ? BigInt(json) : json;
}

/** The type of a value. */
export function kindOf(value: Value): ValueKind {
  if (value === null) return "null";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number") return "double";
  if (typeof value === "string") return "string";
  if (value instanceof ListValue || Array.isArray(value)) return "list";
  if (value instanceof OptionalValue) return "optional";
  if (value instanceof TypeValue) return "type";
  return "map";
}

/** The items of a list, or null for anything else. Charges one unit an item. */
export function itemsOf(value: Value, meter: Meter): readonly Value[] | null {
  if (value instanceof ListValue) {
    meter.charge(value.items.length);
    return value.items;
  }
  if (!Array.isArray(value)) return null;
  meter.charge(value.length);
  return (value as readonly Json[]).map(fromJson);
}

/** How many items a list or how many fields a map has; null for anything else. Charges one unit a field. */
export function sizeOf(value: Value, meter: Meter): number | null {
  if (value instanceof ListValue) return value.items.length;
  if (value instanceof MapValue) return value.entries.size;
  if (Array.isArray(value)) return value.length;
  return fieldNamesOf(value, meter)?.length ?? null;
}

/** The item at an index, or undefined outside of the list. */
export function itemAt(list: ListValue | readonly Json[], index: number): Value | undefined {
  if (list instanceof ListValue) return list.items[index];
  const json = list[index];
  return json === undefined ? undefined : fromJson(json);
}

/** A field that the map itself has (never one of a prototype), or undefined. */
export function fieldOf(map: MapValue | JsonObject, name: string): Value | undefined {
  if (map instanceof MapValue) return map.entries.get(name);
  const json = Object.hasOwn(map, name) ? map[name] : undefined;
  return json === undefined ? undefined : fromJson(json);
}

/** The names of a map's fields, or null for anything else. Charges one unit a field. */
export function fieldNamesOf(value: Value, meter: Meter): readonly string[] | null {
  if (kindOf(value) !== "map") return null;
  const names = value instanceof MapValue ? [...value.entries.keys()] : Object.keys(value as JsonObject);
  meter.charge(names.length);
  return names;
}

/** An int within 64 bits, else an `overflow`. */
export function checkedInt(value: bigint): bigint {
  if (value >= smallestInt && value <= largestInt) return value;
  throw new EvaluationError("overflow", "the result does not fit into a 64-bit integer");
}

/** A finite double, else an `overflow`. */
export function checkedDouble(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new EvaluationError("overflow", "the result is not a finite number");
}

/** Equality of CEL: numbers by value whatever their type, other types never equal each other. */
export function equalValues(left: Value, right: Value, meter: Meter, depth = 0): boolean {
  meter.charge(1);
  if (typeof left === "string" && typeof right === "string") {
    if (left.length !== right.length) return false;
    meter.chargeText(left.length);
    return left === right;
  }
  // eslint-disable-next-line eqeqeq -- == compares a bigint with a number exactly
  if (isNumber(left) && isNumber(right)) return left == right;
  const kind = kindOf(left);
  if (kind !== kindOf(right)) return false;
  checkDepth(depth);
  if (kind === "list") {
    if (sizeOf(left, meter) !== sizeOf(right, meter)) return false;
    const others = itemsOf(right, meter) ?? [];
    return (itemsOf(left, meter) ?? []).every((item, index) =>
      equalValues(item, others[index] as Value, meter, depth + 1),
    );
  }
  if (kind === "map") {
    const names = fieldNamesOf(left, meter) ?? [];
    if (names.length !== sizeOf(right, meter)) return false;
    return names.every((name) => {
      const other = fieldOf(right as MapValue, name);
      return other !== undefined && equalValues(fieldOf(left as MapValue, name) as Value, other, meter, depth + 1);
    });
  }
  if (left instanceof OptionalValue && right instanceof OptionalValue) {
    if (left.held === undefined || right.held === undefined) return left.held === right.held;
    return equalValues(left.held, right.held, meter, depth + 1);
  }
  if (left instanceof TypeValue && right instanceof TypeValue) return left.of === right.of;
  return left === right;
}

/** True for an int or a double. */
export function isNumber(value: Value): value is bigint | number {
  return typeof value === "bigint" || typeof value === "number";
}

/**
 * A value as JSON. An empty optional is null, a full one is what it holds. Throws `overflow` for an int that a JSON
 * number cannot hold exactly, `type` for a type, `cost` for data that is too large or too deep.
 */
export function toJson(value: Value, meter: Meter, depth = 0): Json {
  meter.charge(1);
  if (typeof value === "bigint") {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw new EvaluationError("overflow", `${value} is too large for a JSON number; string(...) keeps it as text`);
  }
  if (typeof value === "string") meter.chargeText(value.length);
  if (value === null || typeof value !== "object") return value;
  checkDepth(depth);
  if (value instanceof OptionalValue) return value.held === undefined ? null : toJson(value.held, meter, depth + 1);
  if (value instanceof TypeValue) {
    throw new EvaluationError(
      "type",
      `a type is not a value that can be kept; compare it, as in type(x) == ${value.of}`,
    );
  }
  if (value instanceof ListValue) return value.items.map((item) => toJson(item, meter, depth + 1));
  if (value instanceof MapValue) {
    return Object.fromEntries([...value.entries].map(([name, field]) => [name, toJson(field, meter, depth + 1)]));
  }
  measureJson(value, meter, depth);
  return value;
}

/**
 * Charges for every node of JSON that stays as it is, and refuses what is nested too deeply. `indent` is what a
 * printed level adds to each line.
 */
export function measureJson(json: Json, meter: Meter, depth = 0, indent = 0): void {
  meter.charge(1 + Math.floor((depth * indent) / 64));
  if (typeof json === "string") meter.chargeText(json.length);
  if (json === null || typeof json !== "object") return;
  checkDepth(depth);
  if (isJsonObject(json)) {
    for (const name of Object.keys(json)) {
      meter.chargeText(name.length);
      measureJson(json[name] as Json, meter, depth + 1, indent);
    }
  } else {
    for (const item of json) measureJson(item, meter, depth + 1, indent);
  }
}

function checkDepth(depth: number): void {
  if (depth > deepestJson) throw new EvaluationError("cost", `the data is nested more than ${deepestJson} levels deep`);
}
