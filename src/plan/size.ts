import { canonicalJson, type Json, type JsonObject } from "../util/json.ts";
import { referencesOf } from "../expression/references.ts";
import type { Reference, Template } from "../expression/template.ts";
import { at, knownItems } from "./fan-size.ts";
import { topologicalOrder } from "./graph.ts";
import { modelsOf } from "./step-digest.ts";
import { partsOf } from "./text-part.ts";
import type { Plan, PlannedScope, PlannedStep } from "./types.ts";

/**
 * How large a value can get, in tokens: a token is at least one byte of UTF-8, so bytes bound tokens from above, and
 * what a model wrote with `max_tokens` is read again as at most as many. An estimate, not a promise: a value that an
 * expression repeats (`.map()`) or escapes counts once, and another model's tokenizer may split it otherwise.
 * What a run really costs is bounded by its budget, which measures each request before it is sent.
 */
export interface Size {
  readonly tokens: number;
  /** What is not in `tokens` because nothing is known about its size, e.g. `steps.facts`; each once. */
  readonly unknown: readonly string[];
}

/** Numbers, status words, ids and times are shorter than this, in bytes. */
const SMALL = 64;

/** Keeps sums finite: a value that doubles in each of 2,000 steps is a number still. */
const LARGEST = Number.MAX_SAFE_INTEGER;

/** The sizes of what the steps of one scope read and write. `inputs` are the values that are known. */
export class Sizes {
  readonly #plan: Plan;
  readonly #steps: readonly PlannedStep[];
  readonly #inputs: JsonObject;
  readonly #units: readonly number[];
  readonly #outputs: Size[] = [];
  readonly #index: ReadonlyMap<string, number>;
  /** Sizes of inputs, variables and items, which a prompt may read many times. */
  readonly #known = new Map<string, Size>();

  /** `units` is the largest number of units of each step. */
  constructor(plan: Plan, scope: PlannedScope, inputs: JsonObject, units: readonly number[]) {
    this.#plan = plan;
    this.#steps = scope.steps;
    this.#inputs = inputs;
    this.#units = units;
    this.#index = new Map(scope.steps.map((step, index) => [step.id, index]));
    for (const index of topologicalOrder(scope)) this.#outputs[index] = this.#outputOf(index);
  }

  /** The longest text or JSON that a template of this step can give for one unit. */
  of(template: Template, step: PlannedStep): Size {
    const sum = new Sum();
    this.#add(sum, template, step);
    return sum.size();
  }

  #outputOf(index: number): Size {
    const step = this.#steps[index] as PlannedStep;
    const one = this.#unitOutputOf(step);
    const tokens = Math.min(LARGEST, one.tokens * (step.fan === null ? 1 : (this.#units[index] ?? 1)));
    // Named by the step itself: lists that grow along a chain of steps would cost its square.
    return { tokens, unknown: one.unknown.length === 0 ? [] : [`steps.${step.id}`] };
  }

  #unitOutputOf(step: PlannedStep): Size {
    const sum = new Sum();
    if (step.body.kind === "agent") {
      sum.tokens = modelsOf(this.#plan, step).reduce((most, model) => Math.max(most, model.maxTokens), 0);
    } else if (step.body.kind === "run") {
      sum.unknown.add(`steps.${step.id}`);
    } else if (step.body.kind === "value") {
      this.#add(sum, step.body.value, step);
    } else if (step.body.kind !== "wait") {
      sum.unknown.add(`steps.${step.id}`);
    }
    if (step.onError.kind === "output") this.#add(sum, step.onError.output, step);
    return sum.size();
  }

  #add(sum: Sum, template: Template, step: PlannedStep): void {
    switch (template.kind) {
      case "literal":
        sum.tokens += bytesOf(template.value);
        break;
      case "list":
        for (const item of template.items) this.#add(sum, item, step);
        break;
      case "object":
        for (const [key, entry] of Object.entries(template.entries)) {
          sum.tokens += Buffer.byteLength(key) + 4;
          this.#add(sum, entry, step);
        }
        break;
      case "cel":
        sum.tokens += Buffer.byteLength(template.source);
        for (const { path } of referencesOf(template)) sum.add(this.#read(path, step), 1);
        break;
      case "text":
        this.#addText(sum, template, step);
    }
  }

  /** Text and references inside `{{#each}}` count once for each of the items that are gone through. */
  #addText(sum: Sum, template: Template & { kind: "text" }, step: PlannedStep): void {
    const { source } = template;
    const references = [...referencesOf(template)].sort((a, b) => a.offset - b.offset);
    const loops: { path: readonly string[] | null; times: number }[] = [{ path: null, times: 1 }];
    let next = 0;
    for (const part of partsOf(source)) {
      if (part.closes && loops.length > 1) loops.pop();
      const { times } = loops.at(-1) as { times: number };
      sum.tokens += Buffer.byteLength(source.slice(part.start, part.end)) * times;
      const here: Reference[] = [];
      for (let reference = references[next]; reference && reference.offset < part.end; reference = references[++next]) {
        here.push(reference);
      }
      if (part.opens === "if" || part.opens === "unless") {
        loops.push({ path: null, times });
        continue;
      }
      for (const { path } of here) {
        if (!loops.some((loop) => loop.path !== null && startsWith(path, loop.path)))
          sum.add(this.#read(path, step), times);
      }
      if (part.opens === null) continue;
      const path = here[0]?.path ?? null;
      const rounds = part.opens === "each" ? this.#lengthOf(path) : 1;
      if (rounds === null) sum.unknown.add(`what {{#each ${path?.join(".") ?? ""}}} repeats`);
      loops.push({ path, times: Math.min(LARGEST, times * (rounds ?? 1)) });
    }
  }

  #read(path: readonly string[], step: PlannedStep): Size {
    const [root, name = "", field] = path;
    switch (root) {
      case "steps":
        return this.#readStep(name, field);
      case "inputs":
        return this.#once(path.join("."), () => {
          const value = at(this.#inputs, path.slice(1));
          return value === undefined ? unknown(name === "" ? "inputs" : `inputs.${name}`) : known(bytesOf(value));
        });
      case "env": {
        const template = Object.hasOwn(this.#plan.env, name) ? this.#plan.env[name] : undefined;
        if (template === undefined) return unknown("env");
        return this.#once(`env.${name}`, () => this.of(template, step));
      }
      case "item":
        return this.#once(`item of ${step.id}`, () => this.#itemOf(step));
      case "index":
      case "run":
        return known(SMALL);
      default:
        return unknown(path.join("."));
    }
  }

  #once(key: string, make: () => Size): Size {
    let size = this.#known.get(key);
    if (size === undefined) this.#known.set(key, (size = make()));
    return size;
  }

  #readStep(id: string, field: string | undefined): Size {
    const index = this.#index.get(id);
    const output = index === undefined ? undefined : this.#outputs[index];
    if (field === "output" && output !== undefined) return output;
    if (field === "status" || field === "exit_code") return known(SMALL);
    return unknown(field === undefined ? `steps.${id}` : `steps.${id}.${field}`);
  }

  #itemOf(step: PlannedStep): Size {
    if (step.fan === null) return unknown("item");
    const items = knownItems(step.fan.items, this.#inputs);
    if (items !== null && !items.includes(undefined)) {
      return known(items.reduce<number>((most, item) => Math.max(most, bytesOf(item ?? null)), 0));
    }
    const list = new Sum();
    this.#add(list, step.fan.items, step);
    return list.size();
  }

  /** How many rounds a loop over a path makes at most; null = not known. */
  #lengthOf(path: readonly string[] | null): number | null {
    if (path === null) return null;
    const [root, id = "", field, deeper] = path;
    if (root === "inputs") {
      const value = at(this.#inputs, path.slice(1));
      return Array.isArray(value) ? value.length : null;
    }
    const index = root === "steps" && deeper === undefined ? this.#index.get(id) : undefined;
    const read = index === undefined ? undefined : this.#steps[index];
    if (index === undefined || read === undefined) return null;
    if (read.fan !== null) return field === "status" ? null : (this.#units[index] ?? null);
    const isValue = field === "output" && read.body.kind === "value";
    return isValue ? (knownItems(read.body.value, this.#inputs)?.length ?? null) : null;
  }
}

/** A sum of sizes under way. */
class Sum {
  tokens = 0;
  readonly unknown = new Set<string>();

  add(size: Size, times: number): void {
    this.tokens = Math.min(LARGEST, this.tokens + size.tokens * times);
    for (const name of size.unknown) this.unknown.add(name);
  }

  size(): Size {
    return { tokens: Math.min(LARGEST, this.tokens), unknown: [...this.unknown] };
  }
}

/**
 * The text of a template that is printed in any case, in bytes: outside all tags and blocks. A lower bound.
 * For data: the strings in it.
 */
export function leastBytesOf(template: Template): number {
  switch (template.kind) {
    case "literal":
      return bytesOf(template.value);
    case "text":
      return partsOf(template.source)
        .filter((part) => part.isLiteral && part.depth === 0)
        .reduce((sum, part) => sum + Buffer.byteLength(template.source.slice(part.start, part.end)), 0);
    default:
      return 0;
  }
}

/** UTF-8 bytes of a value where it is printed: a text as it stands, all else as JSON. */
export function bytesOf(value: Json): number {
  return Buffer.byteLength(typeof value === "string" ? value : canonicalJson(value));
}

function known(tokens: number): Size {
  return { tokens, unknown: [] };
}

function unknown(name: string): Size {
  return { tokens: 0, unknown: [name] };
}

function startsWith(path: readonly string[], prefix: readonly string[]): boolean {
  return prefix.every((key, index) => path[index] === key);
}
