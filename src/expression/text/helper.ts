import { show } from "../cel/conversion.ts";
import { splitLines } from "../cel/data.ts";
import { equalValues, fromJson } from "../cel/value.ts";
import { EvaluationError } from "../evaluation-error.ts";
import type { Meter } from "../meter.ts";
import type { ShapeKind } from "../shape.ts";
import { isJsonObject, type Json } from "../../util/json.ts";
import { printJson } from "./print.ts";
import type { TextCall } from "./tree.ts";

/** A function for texts: `{{ join themes ", " }}`. */
export interface Helper {
  /** How it is called, for help. */
  readonly usage: string;
  /** What each argument may be, as far as it matters; null takes anything. The last ones may be left out. */
  readonly takes: readonly (readonly ShapeKind[] | null)[];
  readonly gives: ShapeKind | null;
  /** True when a missing name counts as null in its arguments: it asks whether something is there. */
  readonly isLenient: boolean;
  /** What is wrong with the number of arguments or the options, or null. */
  misuseOf(call: TextCall): string | null;
  /** Throws EvaluationError. */
  run(args: readonly Json[], options: { readonly [name: string]: Json }, meter: Meter, files: TextFileReaders): Json;
}

/** Gives texts of files by their paths as the template names them. They throw EvaluationError. */
export interface TextFileReaders {
  /** A file beside the manifest, or one that a `glob` gave. */
  file(path: string): string;
  /** A file of the run: an artifact of a step before, or one of the workspace. */
  artifact(path: string): string;
}

interface HelperRow extends Omit<Helper, "misuseOf" | "isLenient"> {
  readonly least: number;
  readonly most?: number;
  readonly options?: readonly string[];
  readonly isLenient?: boolean;
}

const helper = ({ least, options = [], isLenient = false, ...rest }: HelperRow): Helper => ({
  ...rest,
  isLenient,
  misuseOf({ helper: name, args, options: given }) {
    const most = rest.most ?? rest.takes.length;
    if (args.length < least || args.length > most) {
      const expected = least === most ? `${least}` : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
      return `${name} takes ${expected} argument${expected === "1" ? "" : "s"}, and gets ${args.length}`;
    }
    const unknown = given.find((option) => !options.includes(option.name));
    return unknown ? `${name} has no option '${unknown.name}'` : null;
  },
});

const numbers: readonly ShapeKind[] = ["int", "double"];
const ordered: readonly ShapeKind[] = ["int", "double", "string", "null"];

/** All helpers by name. */
export const helpers: ReadonlyMap<string, Helper> = new Map<string, Helper>(
  Object.entries({
    json: helper({
      usage: "{{ json value }} or {{ json value indent=2 }}",
      takes: [null],
      least: 1,
      options: ["indent"],
      gives: "string",
      run: ([value], { indent = 0 }, meter) => printJson(value ?? null, integer("indent", indent, 10), meter),
    }),
    join: helper({
      usage: '{{ join list ", " }}',
      takes: [["list", "null"], ["string"]],
      least: 1,
      gives: "string",
      run: ([list, by], _options, meter) => joinItems(list ?? null, textArgument("join", by ?? ", "), meter),
    }),
    lines: helper({
      usage: "{{ lines list }} or {{#each (lines text)}}",
      takes: [["list", "string", "null"]],
      least: 1,
      gives: null,
      run: ([value], _options, meter) =>
        typeof value === "string" ? splitLines(value, meter) : joinItems(value ?? null, "\n", meter),
    }),
    truncate: helper({
      usage: "{{ truncate text 200 }}",
      takes: [null, numbers],
      least: 2,
      gives: "string",
      run: ([value, length], _options, meter) =>
        truncate(printText(value ?? null, meter), integer("the length", length ?? null, 2 ** 31)),
    }),
    indent: helper({
      usage: "{{ indent text 4 }}",
      takes: [null, numbers],
      least: 2,
      gives: "string",
      run: ([value, width], _options, meter) =>
        indent(printText(value ?? null, meter), integer("the width", width ?? null, 100), meter),
    }),
    file: helper({
      usage: '{{ file "notes.md" }}, or {{ file item }} where `for_each` has a `glob`',
      takes: [["string"]],
      least: 1,
      gives: "string",
      run: ([path], _options, meter, files) => {
        const text = files.file(textArgument("file", path ?? null));
        meter.chargeText(text.length);
        return text;
      },
    }),
    artifact: helper({
      usage: '{{ artifact "out/report.md" }}',
      takes: [["string"]],
      least: 1,
      gives: "string",
      run: ([path], _options, meter, files) => {
        const text = files.artifact(textArgument("artifact", path ?? null));
        meter.chargeText(text.length);
        return text;
      },
    }),
    default: helper({
      usage: '{{ default value "none" }}',
      takes: [null, null],
      least: 2,
      gives: null,
      isLenient: true,
      run: ([value, fallback]) => (value === null || value === "" ? (fallback ?? null) : (value ?? null)),
    }),
    eq: helper({
      usage: "(eq a b)",
      takes: [null, null],
      least: 2,
      gives: "bool",
      isLenient: true,
      run: ([left, right], _options, meter) => isEqual(left ?? null, right ?? null, meter),
    }),
    ne: helper({
      usage: "(ne a b)",
      takes: [null, null],
      least: 2,
      gives: "bool",
      isLenient: true,
      run: ([left, right], _options, meter) => !isEqual(left ?? null, right ?? null, meter),
    }),
    lt: helper({
      usage: "(lt a b)",
      takes: [ordered, ordered],
      least: 2,
      gives: "bool",
      run: ([left, right]) => compare("lt", left ?? null, right ?? null) < 0,
    }),
    gt: helper({
      usage: "(gt a b)",
      takes: [ordered, ordered],
      least: 2,
      gives: "bool",
      run: ([left, right]) => compare("gt", left ?? null, right ?? null) > 0,
    }),
    and: helper({
      usage: "(and a b)",
      takes: [null],
      least: 2,
      most: Infinity,
      gives: "bool",
      isLenient: true,
      run: (args) => args.every(isTruthy),
    }),
    or: helper({
      usage: "(or a b)",
      takes: [null],
      least: 2,
      most: Infinity,
      gives: "bool",
      isLenient: true,
      run: (args) => args.some(isTruthy),
    }),
    not: helper({
      usage: "(not a)",
      takes: [null],
      least: 1,
      gives: "bool",
      isLenient: true,
      run: ([value]) => !isTruthy(value ?? null),
    }),
  }),
);

/** True for the name of a helper. */
export function isHelper(name: string): boolean {
  return helpers.has(name);
}

/** What `#if` takes as true: not false, null, 0, an empty text or an empty list. */
export function isTruthy(value: Json): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** A value as a text prints it: null is nothing, an object or list is JSON. */
export function printText(value: Json, meter: Meter): string {
  if (value === null) return "";
  if (typeof value === "object") return printJson(value, 0, meter);
  const text = String(value);
  meter.chargeText(text.length);
  return text;
}

function joinItems(list: Json, by: string, meter: Meter): string {
  if (list === null) return "";
  if (!Array.isArray(list))
    throw new EvaluationError("type", `a list is expected, and there is ${show(fromJson(list))}`);
  const texts = (list as readonly Json[]).map((item) => printText(item, meter));
  meter.chargeText(by.length * texts.length);
  return texts.join(by);
}

/** At most `length` UTF-16 units, the last an ellipsis when something was cut; no character is cut in two. */
function truncate(text: string, length: number): string {
  if (text.length <= length) return text;
  return length === 0 ? "" : `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** Spaces before every line that is not empty. */
function indent(text: string, width: number, meter: Meter): string {
  const lines = text.split("\n");
  meter.charge(lines.length * (1 + Math.floor(width / 16)));
  const spaces = " ".repeat(width);
  return lines.map((line) => (line === "" ? line : spaces + line)).join("\n");
}

function isEqual(left: Json, right: Json, meter: Meter): boolean {
  return equalValues(fromJson(left), fromJson(right), meter);
}

function compare(name: string, left: Json, right: Json): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left === "string" && typeof right === "string") return left < right ? -1 : left > right ? 1 : 0;
  throw new EvaluationError(
    "type",
    `${name} compares two numbers or two texts, not ${show(fromJson(left))} and ${show(fromJson(right))}`,
  );
}

function integer(what: string, value: Json, most: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new EvaluationError(
    "type",
    `${what} must be a whole number from 0 to ${most}, and is ${show(fromJson(value))}`,
  );
}

function textArgument(name: string, value: Json): string {
  if (typeof value === "string") return value;
  throw new EvaluationError(
    "type",
    `${name} takes a text, and got ${isJsonObject(value) ? "an object" : show(fromJson(value))}`,
  );
}
