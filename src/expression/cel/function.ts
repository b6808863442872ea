import type { Meter } from "../meter.ts";
import {
  boolShape,
  doubleShape,
  freeTextShape,
  intShape,
  isFreeText,
  itemShape,
  kindsOf,
  listShape,
  stringShape,
  anyShape,
} from "../shape.ts";
import type { JsonSchema } from "../../util/json.ts";
import { toBool, toDouble, toInt, toText } from "./conversion.ts";
import { fromJsonText, linesOf, sumOf, toJsonText } from "./data.ts";
import type { Patterns } from "./pattern.ts";
import * as text from "./string.ts";
import { itemsOf, ListValue, sizeOf, TypeValue, kindOf, type Value, type ValueKind } from "./value.ts";

/** What a function may use beside its arguments. */
export interface CallContext {
  readonly meter: Meter;
  readonly patterns: Patterns;
}

/** A type that a parameter takes; `any` takes everything, `number` an int or a double. */
export type Parameter = ValueKind | "any" | "number";

/** One way to call a function. A method's receiver is its first parameter. */
export interface Overload {
  readonly takes: readonly Parameter[];
  /** How many of the last parameters may be left out. */
  readonly optional: number;
  /** The shape of the result, from those of the arguments. */
  gives(shapes: readonly JsonSchema[]): JsonSchema;
  /** Arguments are as many and of such types as `takes` says. Throws EvaluationError. */
  call(args: readonly Value[], context: CallContext): Value;
}

const overload = (
  takes: readonly Parameter[],
  gives: JsonSchema | Overload["gives"],
  call: Overload["call"],
  optional = 0,
): Overload => ({ takes, optional, gives: typeof gives === "function" ? gives : () => gives, call });

const int = (value: number): bigint => BigInt(value);
/** Text made of text: stays free text when it was. */
const sameText = ([from]: readonly JsonSchema[]): JsonSchema =>
  isFreeText(from ?? anyShape) ? freeTextShape : stringShape;

const size = (kind: "string" | "list" | "map"): Overload =>
  overload([kind], intShape, ([value], { meter }) =>
    int(typeof value === "string" ? text.lengthOf(value, meter) : (sizeOf(value as Value, meter) ?? 0)),
  );
const sizes = [size("string"), size("list"), size("map")];
const matches = overload(["string", "string"], boolShape, ([value, pattern], { patterns, meter }) =>
  patterns.test(value as string, pattern as string, meter),
);
const plain = (run: (value: string, other: string) => boolean): Overload =>
  overload(["string", "string"], boolShape, ([value, other], { meter }) => {
    meter.chargeSearch((value as string).length, (other as string).length);
    return run(value as string, other as string);
  });
const convert = (
  kinds: readonly Parameter[],
  gives: JsonSchema,
  call: (value: Value, meter: Meter) => Value,
): Overload[] => kinds.map((kind) => overload([kind], gives, ([value], { meter }) => call(value as Value, meter)));

/** Functions that are called as `f(x)`. `has`, `coalesce` and the status functions are part of the walk itself. */
export const globalFunctions: ReadonlyMap<string, readonly Overload[]> = new Map<string, readonly Overload[]>([
  ["size", sizes],
  ["int", convert(["number", "string"], intShape, toInt)],
  ["uint", convert(["number", "string"], intShape, (value, meter) => toInt(value, meter, 0n))],
  ["double", convert(["number", "string"], doubleShape, toDouble)],
  ["string", convert(["number", "string", "bool"], stringShape, toText)],
  ["bool", convert(["bool", "string"], boolShape, toBool)],
  ["dyn", [overload(["any"], anyShape, ([value]) => value as Value)]],
  ["type", [overload(["any"], anyShape, ([value]) => new TypeValue(kindOf(value as Value)))]],
  ["matches", [matches]],
  [
    "sum",
    [
      overload(
        ["list"],
        ([list]) => (kindsOf(itemShape(list ?? true))?.size === 1 ? itemShape(list ?? true) : { type: "number" }),
        ([list], { meter }) => sumOf(list as Value, meter),
      ),
    ],
  ],
  ["from_json", [overload(["string"], anyShape, ([value], { meter }) => fromJsonText(value as string, meter))]],
  ["to_json", [overload(["any"], stringShape, ([value], { meter }) => toJsonText(value as Value, meter))]],
  ["lines", [overload(["string"], listShape(stringShape), ([value], { meter }) => linesOf(value as string, meter))]],
]);

/** Functions that are called as `x.f(y)`. The macros (`map`, `filter`, ...) are part of the walk itself. */
export const methods: ReadonlyMap<string, readonly Overload[]> = new Map<string, readonly Overload[]>([
  ["size", sizes],
  ["contains", [plain((value, part) => value.includes(part))]],
  ["startsWith", [plain((value, part) => value.startsWith(part))]],
  ["endsWith", [plain((value, part) => value.endsWith(part))]],
  ["matches", [matches]],
  [
    "charAt",
    [
      overload(["string", "int"], stringShape, ([value, at], { meter }) =>
        text.charAt(value as string, at as bigint, meter),
      ),
    ],
  ],
  [
    "indexOf",
    [
      overload(
        ["string", "string", "int"],
        intShape,
        ([value, part, from], { meter }) =>
          int(text.indexOf(value as string, part as string, from as bigint | undefined, meter)),
        1,
      ),
    ],
  ],
  [
    "lastIndexOf",
    [
      overload(
        ["string", "string", "int"],
        intShape,
        ([value, part, from], { meter }) =>
          int(text.lastIndexOf(value as string, part as string, from as bigint | undefined, meter)),
        1,
      ),
    ],
  ],
  ["lowerAscii", [overload(["string"], sameText, ([value], { meter }) => text.lowerAscii(value as string, meter))]],
  ["upperAscii", [overload(["string"], sameText, ([value], { meter }) => text.upperAscii(value as string, meter))]],
  ["trim", [overload(["string"], sameText, ([value], { meter }) => text.trim(value as string, meter))]],
  ["reverse", [overload(["string"], sameText, ([value], { meter }) => text.reverse(value as string, meter))]],
  [
    "replace",
    [
      overload(
        ["string", "string", "string", "int"],
        sameText,
        ([value, part, by, count], { meter }) =>
          text.replace(value as string, part as string, by as string, count as bigint | undefined, meter),
        1,
      ),
    ],
  ],
  [
    "substring",
    [
      overload(
        ["string", "int", "int"],
        sameText,
        ([value, start, end], { meter }) =>
          text.substring(value as string, start as bigint, end as bigint | undefined, meter),
        1,
      ),
    ],
  ],
  [
    "split",
    [
      overload(
        ["string", "string", "int"],
        listShape(stringShape),
        ([value, by, limit], { meter }) =>
          new ListValue(text.split(value as string, by as string, limit as bigint | undefined, meter)),
        1,
      ),
    ],
  ],
  [
    "join",
    [
      overload(
        ["list", "string"],
        stringShape,
        ([list, by], { meter }) =>
          text.join(itemsOf(list as Value, meter) ?? [], (by as string | undefined) ?? "", meter),
        1,
      ),
    ],
  ],
]);

/** Overloads for this many arguments. */
export function overloadsFor(overloads: readonly Overload[], count: number): readonly Overload[] {
  return overloads.filter(({ takes, optional }) => count <= takes.length && count >= takes.length - optional);
}

/** True when a parameter takes a value of this type. */
export function accepts(parameter: Parameter, kind: ValueKind): boolean {
  return parameter === "any" || parameter === kind || (parameter === "number" && (kind === "int" || kind === "double"));
}
