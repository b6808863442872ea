import { describe } from "../cel/operator.ts";
import { missingField } from "../cel/message.ts";
import { fromJson } from "../cel/value.ts";
import type { Context } from "../context.ts";
import { EvaluationError } from "../evaluation-error.ts";
import { largestOutput } from "../limit.ts";
import type { Meter } from "../meter.ts";
import { isJsonObject, type Json } from "../../util/json.ts";
import { helpers, isTruthy, printText, type TextFileReaders } from "./helper.ts";
import type { TextBlock, TextExpression, TextPart, TextPath } from "./tree.ts";

/** What `#each` and `#with` put around their body. The outermost frame is null: there the roots are the context. */
interface Frame {
  readonly value: Json;
  /** `@index`, `@key`, `@first`, `@last` of an `#each`. */
  readonly data: { readonly [name: string]: Json } | null;
  /** Block parameters. */
  readonly named: { readonly [name: string]: Json };
  readonly outer: Frame | null;
}

/** Prints one text over one context, in one pass over the tree. */
export class TextInterpreter {
  readonly #context: Context;
  readonly #meter: Meter;
  readonly #files: TextFileReaders;
  readonly #escape: (text: string) => string;
  readonly #pieces: string[] = [];
  #length = 0;

  constructor(context: Context, meter: Meter, files: TextFileReaders, escape = (text: string): string => text) {
    this.#context = context;
    this.#escape = escape;
    this.#files = files;
    this.#meter = meter;
  }

  /** The printed text. Throws EvaluationError. */
  print(parts: readonly TextPart[]): string {
    this.#print(parts, null);
    return this.#pieces.join("");
  }

  #print(parts: readonly TextPart[], frame: Frame | null): void {
    for (const part of parts) {
      this.#meter.charge(1);
      if (part.kind === "content") this.#write(part.text);
      else if (part.kind === "print")
        this.#write(this.#escape(printText(this.#value(part.value, frame, false), this.#meter)));
      else this.#block(part, frame);
    }
  }

  #write(text: string): void {
    this.#length += text.length;
    if (this.#length > largestOutput) {
      throw new EvaluationError("cost", `the text becomes longer than ${largestOutput} characters`);
    }
    this.#pieces.push(text);
  }

  #block(node: TextBlock, frame: Frame | null): void {
    const value = this.#value(node.value, frame, node.block === "if" || node.block === "unless");
    switch (node.block) {
      case "if":
        return this.#print(isTruthy(value) ? node.body : node.otherwise, frame);
      case "unless":
        return this.#print(isTruthy(value) ? node.otherwise : node.body, frame);
      case "with": {
        if (!isTruthy(value)) return this.#print(node.otherwise, frame);
        const [name] = node.names;
        const named = name === undefined ? {} : { [name]: value };
        return this.#print(node.body, { value, data: null, named, outer: frame });
      }
      case "each":
        return this.#each(node, value, frame);
    }
  }

  #each(node: TextBlock, list: Json, outer: Frame | null): void {
    if (list !== null && typeof list !== "object") {
      throw new EvaluationError(
        "type",
        `#each takes a list or an object, and ${sourceOf(node.value)} is ${describe(fromJson(list))}`,
      );
    }
    const keys = isJsonObject(list) ? Object.keys(list) : null;
    const values = isJsonObject(list) ? Object.values(list) : (list ?? []);
    this.#meter.charge(values.length);
    if (values.length === 0) return this.#print(node.otherwise, outer);
    const [itemName, keyName] = node.names;
    for (const [index, value] of values.entries()) {
      const key = keys?.[index] ?? index;
      const data = { index, key, first: index === 0, last: index === values.length - 1 };
      const named = {
        ...(itemName === undefined ? {} : { [itemName]: value }),
        ...(keyName === undefined ? {} : { [keyName]: key }),
      };
      this.#print(node.body, { value, data, named, outer });
    }
  }

  /** `isLenient`: a name that is missing is null, because the place asks whether it is there. */
  #value(node: TextExpression, frame: Frame | null, isLenient: boolean): Json {
    this.#meter.charge(1);
    if (node.kind === "literal") return node.value;
    if (node.kind === "path") {
      const value = this.#path(node, frame, isLenient);
      return value === undefined ? null : value;
    }
    const helper = helpers.get(node.helper);
    if (!helper) throw new EvaluationError("missing", `there is no helper '${node.helper}'`);
    const args = node.args.map((arg) => this.#value(arg, frame, helper.isLenient));
    const options = Object.fromEntries(node.options.map(({ name, value }) => [name, this.#value(value, frame, false)]));
    return helper.run(args, options, this.#meter, this.#files);
  }

  #path(node: TextPath, frame: Frame | null, isLenient: boolean): Json | undefined {
    const start = this.#start(node, frame, isLenient);
    let value = start.value;
    let read = start.read;
    for (const part of node.parts.slice(start.used)) {
      if (value === null || value === undefined) return null;
      const next = ownField(value, part);
      if (next === undefined) {
        if (isLenient) return undefined;
        throw new EvaluationError("missing", missing(node, read, part, value));
      }
      read = read === "" ? part : `${read}.${part}`;
      value = next;
    }
    return value;
  }

  /** Where a path starts: the value, how many parts that took, and how it is called in messages. */
  #start(node: TextPath, frame: Frame | null, isLenient: boolean): Start {
    const [head] = node.parts;
    if (node.isData) return this.#data(node, frame);
    let at = frame;
    for (let up = node.up; up > 0; up--) {
      if (at === null) throw new EvaluationError("missing", `${node.source} leads outside of all blocks`);
      at = at.outer;
    }
    if (head === undefined) {
      if (at === null) throw new EvaluationError("missing", `${node.source} has a meaning inside #each and #with only`);
      return { value: at.value, used: 0, read: node.source };
    }
    if (node.isOwn && at !== null) return { value: at.value, used: 0, read: "this" };
    for (let outer = node.isOwn ? null : at; outer !== null; outer = outer.outer) {
      if (Object.hasOwn(outer.named, head)) return { value: outer.named[head], used: 1, read: head };
    }
    const root = Object.hasOwn(this.#context, head) ? this.#context[head] : undefined;
    if (at !== null && isJsonObject(at.value) && Object.hasOwn(at.value, head)) {
      if (root === undefined) return { value: at.value[head], used: 1, read: head };
      throw new EvaluationError(
        "ambiguous",
        `'${head}' is a field of the item and a name outside of the block: write this.${head} or @root.${head}`,
      );
    }
    if (root !== undefined) return { value: root, used: 1, read: head };
    if (isLenient) return { value: null, used: node.parts.length, read: head };
    if (at !== null) throw new EvaluationError("missing", missing(node, "the item", head, at.value));
    throw new EvaluationError("missing", `there is no '${head}' here`);
  }

  #data(node: TextPath, frame: Frame | null): Start {
    const [name = ""] = node.parts;
    if (name === "root") {
      const root = node.parts[1] ?? "";
      const value = Object.hasOwn(this.#context, root) ? this.#context[root] : undefined;
      if (value === undefined) throw new EvaluationError("missing", `there is no '${root}' here`);
      return { value, used: 2, read: root };
    }
    let at = nearestEach(frame);
    for (let up = node.up; up > 0; up--) at = nearestEach(at?.outer ?? null);
    const value = at?.data && Object.hasOwn(at.data, name) ? at.data[name] : undefined;
    if (value === undefined) throw new EvaluationError("missing", `${node.source} has a meaning inside #each only`);
    return { value, used: 1, read: node.source };
  }
}

interface Start {
  readonly value: Json | undefined;
  readonly used: number;
  readonly read: string;
}

function nearestEach(frame: Frame | null): Frame | null {
  let at = frame;
  while (at !== null && at.data === null) at = at.outer;
  return at;
}

/** A field that the value itself has, or an item of a list by its number. */
export function ownField(value: Json, part: string): Json | undefined {
  if (Array.isArray(value)) {
    if (part === "length") return value.length;
    return /^(0|[1-9]\d{0,8})$/.test(part) ? (value as readonly Json[])[Number(part)] : undefined;
  }
  return isJsonObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
}

function missing(node: TextPath, base: string, part: string, value: Json): string {
  const optional = `; where it may be missing write {{ default ${node.source} "..." }} or {{#if ${node.source}}}`;
  if (isJsonObject(value)) return missingField(base, part, Object.keys(value)) + optional;
  const what = Array.isArray(value) ? `a list of ${value.length} items` : describe(fromJson(value));
  return `${base} is ${what}, so '${part}' of ${node.source} cannot be read`;
}

function sourceOf(node: TextExpression): string {
  return node.kind === "path" ? node.source : "the value";
}
