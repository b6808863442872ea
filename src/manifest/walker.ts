import { Guesses } from "../diagnostic/guesses.ts";
import type { DiagnosticCode } from "../diagnostic/code.ts";
import { canonicalJson } from "../util/canonical-json.ts";
import { isJsonObject, type Json, type JsonObject } from "../util/json.ts";
import { describeSchema, describeValue, orList } from "./describe.ts";
import { foreignTypes } from "./foreign.ts";
import { checkKeys } from "./key-check.ts";
import { checkKind } from "./kind-check.ts";
import type { Pointer } from "./pointer.ts";
import type { ProblemDetail, ProblemList } from "./problem-list.ts";
import { type SchemaIndex } from "./schema-index.ts";
import type { SchemaNode, SchemaObject } from "./schema-node.ts";
import { checkText } from "./text-check.ts";
import { wrongTypeHelp } from "./type-hint.ts";
import type { Walk } from "./walk.ts";

/**
 * Compares a value with the schema and reports what a person did wrong: one problem for one mistake. Where the reading
 * of a value is not clear (a wrong type, two kinds at once), what is inside is not judged by a guess.
 */
export class Walker implements Walk {
  readonly index: SchemaIndex;
  readonly problems: ProblemList;
  readonly guesses = new Guesses();
  readonly #path: (string | number)[] = [];

  constructor(index: SchemaIndex, problems: ProblemList) {
    this.index = index;
    this.problems = problems;
  }

  get pointer(): Pointer {
    return [...this.#path];
  }

  get label(): string {
    const last = this.#path.at(-1);
    if (typeof last !== "number") return last === undefined ? "the manifest" : `'${last}'`;
    const list = this.#path.findLast((segment) => typeof segment === "string");
    return `entry ${last + 1} of '${list ?? ""}'`;
  }

  report(code: DiagnosticCode, message: string, detail?: ProblemDetail): void {
    this.problems.add(code, this.pointer, message, detail);
  }

  inside(segment: string | number, work: () => void): void {
    this.#path.push(segment);
    work();
    this.#path.pop();
  }

  check(node: SchemaNode, value: Json): void {
    const schema = this.index.resolve(node);
    if (schema["x-any"]) return;
    const alternatives = this.index.fitting(schema, value);
    const only = alternatives[0];
    if (!only) return this.#wrongType(schema, value);
    if (alternatives.length > 1 && isJsonObject(value)) return checkKind(this, alternatives, value);
    this.#checkOne(this.index.resolve(only), value, schema);
  }

  #checkOne(schema: SchemaObject, value: Json, union: SchemaObject): void {
    if (schema["x-since"] === "later") {
      return this.report("WF2007", `this form of ${this.label} is not in this version yet`, {
        help: `write ${describeSchema(union)}`,
      });
    }
    if (schema.enum) return this.#checkEnum(schema, value, union);
    if (typeof value === "string") return checkText(this, schema, value);
    if (typeof value === "number") return this.#checkNumber(schema, value);
    if (Array.isArray(value)) return this.#checkList(schema, value);
    if (isJsonObject(value)) this.checkObject(schema, value);
  }

  #wrongType(schema: SchemaObject, value: Json): void {
    const expected = describeSchema(schema);
    if (value === null) {
      return this.report("WF2003", `${this.label} is empty`, {
        help: `it must be ${expected}`,
      });
    }
    this.report("WF2003", `${this.label} must be ${expected}, not ${describeValue(value)}`, {
      help: wrongTypeHelp(schema, value, this.#path.at(-1)),
    });
  }

  #checkEnum({ enum: allowed = [] }: SchemaObject, value: Json, union: SchemaObject): void {
    if (allowed.includes(value)) return;
    const word = typeof value === "string" ? value : "";
    const type = union["x-text"] === "json-type" ? foreignTypes.get(word) : undefined;
    const near = type ?? this.guesses.suggest(word, allowed.map(String));
    this.report(
      "WF2004",
      `${this.label} must be ${describeSchema(union.anyOf ? union : { enum: allowed })}, not ${describeValue(value)}`,
      {
        help: near === null ? null : `did you mean '${near}'?`,
      },
    );
  }

  #checkNumber({ minimum, exclusiveMinimum, maximum }: SchemaObject, value: number): void {
    const bounds: string[] = [];
    if (minimum !== undefined && value < minimum) bounds.push(`at least ${minimum}`);
    if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) bounds.push(`more than ${exclusiveMinimum}`);
    if (maximum !== undefined && value > maximum) bounds.push(`at most ${maximum}`);
    if (bounds.length > 0) this.report("WF2005", `${this.label} must be ${orList(bounds)}, not ${value}`);
  }

  #checkList(schema: SchemaObject, list: readonly Json[]): void {
    if (list.length < (schema.minItems ?? 0)) {
      return this.report(
        "WF2013",
        `${this.label} needs at least ${schema.minItems === 1 ? "one entry" : `${schema.minItems} entries`}`,
      );
    }
    const first = schema.uniqueItems === true && list.length > 1 ? new Map<string, number>() : null;
    for (const [position, entry] of list.entries()) {
      this.#path.push(position);
      if (first !== null) this.#checkUnique(first, entry, position);
      if (schema.items !== undefined) this.check(schema.items, entry);
      this.#path.pop();
    }
  }

  #checkUnique(first: Map<string, number>, entry: Json, position: number): void {
    const text = typeof entry === "string" ? `"${entry}"` : canonicalJson(entry);
    const before = first.get(text);
    if (before === undefined) {
      first.set(text, position);
      return;
    }
    const related = { pointer: [...this.#path.slice(0, -1), before], message: "here for the first time" };
    this.report("WF2013", `${this.label} stands in the list already`, { help: "take one of them out", related });
  }

  checkObject(schema: SchemaObject, object: JsonObject): void {
    const keys = Object.keys(object);
    if (keys.length < (schema.minProperties ?? 0))
      return this.report("WF2013", `${this.label} needs at least one entry`);
    if (schema.additionalProperties === false) return checkKeys(this, schema, object);
    this.checkEntries(schema, object, keys);
  }

  checkEntries(schema: SchemaObject, object: JsonObject, keys: readonly string[]): void {
    const names = schema.propertyNames === undefined ? null : this.index.resolve(schema.propertyNames);
    const others = typeof schema.additionalProperties === "object" ? schema.additionalProperties : true;
    for (const key of keys) {
      this.#path.push(key);
      if (names !== null) checkText(this, names, key, "key");
      const own = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
      const node = own ?? others;
      if (this.index.resolve(node)["x-since"] === "later") {
        this.report("WF2007", `'${key}' is not in this version yet`, { part: "key" });
      } else {
        this.check(node, object[key] as Json);
      }
      this.#path.pop();
    }
  }
}
