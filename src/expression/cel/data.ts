import { EvaluationError } from "../evaluation-error.ts";
import type { Meter } from "../meter.ts";
import type { Json } from "../../util/json.ts";
import { show } from "./conversion.ts";
import {
  checkedDouble,
  checkedInt,
  fromJson,
  isNumber,
  itemsOf,
  ListValue,
  measureJson,
  toJson,
  type Value,
} from "./value.ts";

/** sum(list): 0 for an empty list; an int when all items are ints, else a double. */
export function sumOf(list: Value, meter: Meter): bigint | number {
  let ints = 0n;
  let doubles: number | null = null;
  for (const item of itemsOf(list, meter) ?? []) {
    if (!isNumber(item))
      throw new EvaluationError("type", `sum takes a list of numbers, and one item is ${show(item)}`);
    if (typeof item === "bigint") ints = checkedInt(ints + item);
    else doubles = (doubles ?? 0) + item;
  }
  return doubles === null ? ints : checkedDouble(doubles + Number(ints));
}

/** from_json(s): the value of a JSON text. */
export function fromJsonText(source: string, meter: Meter): Value {
  meter.charge(Math.ceil(source.length / 16));
  let json: Json;
  try {
    json = JSON.parse(source) as Json;
  } catch {
    throw new EvaluationError("value", `from_json got text that is not JSON: ${show(source)}`);
  }
  measureJson(json, meter);
  return fromJson(json);
}

/** to_json(v): compact JSON. */
export function toJsonText(value: Value, meter: Meter): string {
  const json = toJson(value, meter);
  const source = JSON.stringify(json);
  meter.chargeText(source.length);
  return source;
}

/** lines(s): the lines of a text without their ends; the end of the last line starts no further one. */
export function linesOf(source: string, meter: Meter): ListValue {
  meter.chargeText(source.length);
  return new ListValue(splitLines(source, meter));
}

/** The lines of a text, one unit charged for each. */
export function splitLines(source: string, meter: Meter): readonly string[] {
  if (source === "") return [];
  const lines: string[] = [];
  for (let start = 0; start < source.length;) {
    meter.charge(1);
    const found = source.indexOf("\n", start);
    const end = found === -1 ? source.length : found;
    lines.push(source.slice(start, source[end - 1] === "\r" && end > start && found !== -1 ? end - 1 : end));
    start = end + 1;
  }
  return lines;
}
