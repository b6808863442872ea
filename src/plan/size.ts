import { canonicalJson } from "../util/canonical-json.ts";
import type { Json, JsonObject } from "../util/json.ts";
import { referencesOf } from "../expression/references.ts";
import type { Reference, Template } from "../expression/template.ts";
import { at, knownItems, knownValue, unitsOf, type FanSize } from "./fan-size.ts";
import { topologicalOrder } from "./graph.ts";
import { modelsOf, modelsOfStage } from "./step-digest.ts";
import { partsOf, type TextPart } from "./text-part.ts";
import type { GroupBody, Plan, PlannedFan, PlannedScope, PlannedStep, UsesBody } from "./types.ts";

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

/** How often a plan may go into a scope while it is looked at: workflows that use one another twice a level are many. */
const MOST_VISITS = 10_000;

/** What a scope gets from around it. */
export interface ScopeInputs {
  /** The values of `inputs` that are known. */
  readonly inputs: JsonObject;
  /** How large the others can get, by name. */
  readonly sizes: ReadonlyMap<string, Size>;
  /** Around a group: where it stands. null for a workflow. */
  readonly around: { readonly sizes: Sizes; readonly step: PlannedStep } | null;
  readonly env: Plan["env"];
}

/** The sizes of what the steps of one scope read and write, and of the scopes inside of it. */
export class Sizes {
  readonly scope: PlannedScope;
  /** The units of each step. */
  readonly fans: readonly FanSize[];
  readonly #plan: Plan;
  readonly #steps: readonly PlannedStep[];
  readonly #given: ScopeInputs;
  readonly #inputs: JsonObject;
  readonly #visits: { left: number };
  readonly #inner = new Map<number, Sizes>();
  /** Of one unit; an entry is missing as long as it is being made. */
  readonly #unitOutputs: Size[] = [];
  readonly #outputs: Size[] = [];
  readonly #index: ReadonlyMap<string, number>;
  /** Sizes of inputs, variables and items, which a prompt may read many times. */
  readonly #known = new Map<string, Size>();

  constructor(plan: Plan, scope: PlannedScope, given: ScopeInputs, visits = { left: MOST_VISITS }) {
    this.scope = scope;
    this.#plan = plan;
    this.#steps = scope.steps;
    this.#given = given;
    this.#inputs = given.inputs;
    this.#visits = visits;
    this.fans = scope.steps.map((step) => unitsOf(step, given.inputs));
    this.#index = new Map(scope.steps.map((step, index) => [step.id, index]));
    for (const index of topologicalOrder(scope)) this.#outputs[index] = this.#outputOf(index);
  }

  /** The sizes inside of a group or a sub-workflow; null where the plan goes into too many scopes to look at all. */
  inside(index: number): Sizes | null {
    return this.#inner.get(index) ?? null;
  }

  /** What the scope gives: all its outputs together. */
  outputs(): Size {
    const sum = new Sum();
    for (const [name, value] of Object.entries(this.scope.outputs)) {
      sum.tokens += Buffer.byteLength(name) + 4;
      this.#add(sum, value, null);
    }
    return sum.size();
  }

  /** The longest text or JSON that a template of this step can give for one unit. */
  of(template: Template, step: PlannedStep | null): Size {
    const sum = new Sum();
    this.#add(sum, template, step);
    return sum.size();
  }

  #outputOf(index: number): Size {
    const step = this.#steps[index] as PlannedStep;
    const one = this.#unitOutputOf(step, index);
    this.#unitOutputs[index] = one;
    const tokens = Math.min(LARGEST, one.tokens * (this.fans[index]?.units.ceiling ?? 1));
    // Named by the step itself: lists that grow along a chain of steps would cost its square.
    return { tokens, unknown: one.unknown.length === 0 ? [] : [`steps.${step.id}`] };
  }

  #unitOutputOf(step: PlannedStep, index: number): Size {
    const sum = new Sum();
    switch (step.body.kind) {
      case "agent":
        sum.tokens = longestAnswer(this.#plan, step);
        // Nothing bounds what a person fills in.
        if (step.handoff?.some(({ approval }) => approval !== null) === true) sum.unknown.add(`steps.${step.id}`);
        break;
      case "run":
      case "http":
      case "sql":
      case "state":
        sum.unknown.add(`steps.${step.id}`);
        break;
      case "value":
        this.#add(sum, step.body.value, step);
        break;
      case "steps":
      case "uses": {
        const inner = this.#enter(step, step.body);
        if (inner !== null) this.#inner.set(index, inner);
        sum.add(inner?.outputs() ?? unknown(`steps.${step.id}`), 1);
        break;
      }
      case "approval":
        sum.unknown.add(`steps.${step.id}`);
        break;
      case "wait":
      case "send":
    }
    if (step.onError.kind === "output") this.#add(sum, step.onError.output, step);
    return sum.size();
  }

  #enter(step: PlannedStep, body: GroupBody | UsesBody): Sizes | null {
    const scope = this.#plan.scopes[body.scope];
    if (scope === undefined || this.#visits.left-- <= 0) return null;
    if (body.kind === "steps") {
      const { inputs, sizes, env } = this.#given;
      return new Sizes(this.#plan, scope, { inputs, sizes, env, around: { sizes: this, step } }, this.#visits);
    }
    const declared = scope.workflow?.inputs ?? {};
    const known: { [name: string]: Json } = {};
    const sizes = new Map<string, Size>();
    for (const [name, input] of Object.entries(declared)) {
      const template = Object.hasOwn(body.with, name) ? body.with[name] : undefined;
      const value = template === undefined ? input.default : knownValue(template, this.#inputs);
      if (value !== undefined) known[name] = value;
      else if (template !== undefined) sizes.set(name, this.of(template, step));
    }
    return new Sizes(
      this.#plan,
      scope,
      { inputs: known, sizes, around: null, env: scope.workflow?.env ?? {} },
      this.#visits,
    );
  }

  #add(sum: Sum, template: Template, step: PlannedStep | null): void {
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
  #addText(sum: Sum, template: Template & { kind: "text" }, step: PlannedStep | null): void {
    const { source, files = {} } = template;
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
      for (const { path } of filesIn(source, part)) {
        const text = path !== null && Object.hasOwn(files, path) ? files[path] : undefined;
        if (text === undefined) sum.unknown.add("files");
        else sum.tokens += Buffer.byteLength(text) * times;
      }
      if (!part.isLiteral && /[{(~\s]artifact\s/.test(source.slice(part.start, part.end))) sum.unknown.add("artifacts");
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
      const rounds = part.opens === "each" ? this.#lengthOf(path, step) : 1;
      if (rounds === null)
        sum.unknown.add(path === null ? "what an inner {{#each}} repeats" : `what {{#each ${path.join(".")}}} repeats`);
      loops.push({ path, times: Math.min(LARGEST, times * (rounds ?? 1)) });
    }
  }

  #read(path: readonly string[], step: PlannedStep | null): Size {
    const [root, name = "", field] = path;
    switch (root) {
      case "steps":
        return this.#readStep(name, field);
      case "inputs":
        return this.#once(path.join("."), () => {
          const value = at(this.#inputs, path.slice(1));
          if (value !== undefined) return known(bytesOf(value));
          return this.#given.sizes.get(name) ?? unknown(name === "" ? "inputs" : `inputs.${name}`);
        });
      case "env": {
        const { env } = this.#given;
        const template = Object.hasOwn(env, name) ? env[name] : undefined;
        if (template === undefined) return unknown("env");
        return this.#once(`env.${name}`, () => this.of(template, step));
      }
      case "item":
      case "items":
      case "matrix":
        return this.#entry(root, step);
      case "previous":
        return this.#previous(step);
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
    const { around } = this.#given;
    if (index === undefined && around !== null) return around.sizes.#readStep(id, field);
    if (field === "output" && output !== undefined) return output;
    if (field === "status" || field === "exit_code" || field === "status_code") return known(SMALL);
    return unknown(field === undefined ? `steps.${id}` : `steps.${id}.${field}`);
  }

  /** `item`, `items` or `matrix` of the step itself, or of the nearest group around it that has one. */
  #entry(name: string, step: PlannedStep | null): Size {
    if (step?.fan?.variable === name)
      return this.#once(`${name} of ${step.id}`, () => this.#entryOf(step.fan as PlannedFan, step));
    const { around } = this.#given;
    return around === null ? unknown(name) : around.sizes.#entry(name, around.step);
  }

  #entryOf({ items, glob, batch }: PlannedFan, step: PlannedStep): Size {
    const each = batch?.size ?? 1;
    if (glob !== null) return known(LONGEST_PATH * each);
    const list = knownItems(items, this.#inputs);
    if (list !== null && !list.includes(undefined)) {
      return known(each * list.reduce<number>((most, item) => Math.max(most, bytesOf(item ?? null)), 0));
    }
    const all = new Sum();
    this.#add(all, items, step);
    return all.size();
  }

  /** What the round or stage before gave: at most what the step can give. */
  #previous(step: PlannedStep | null): Size {
    if (step !== null && (step.repeat !== null || step.fallback.length > 0)) {
      const index = this.#index.get(step.id);
      return (index === undefined ? undefined : this.#unitOutputs[index]) ?? unknown("previous");
    }
    const { around } = this.#given;
    return around === null ? unknown("previous") : around.sizes.#previous(around.step);
  }

  /** How many rounds a loop over a path makes at most; null = not known. */
  #lengthOf(path: readonly string[] | null, step: PlannedStep | null): number | null {
    if (path === null) return null;
    const [root, id = "", field, deeper] = path;
    const { around } = this.#given;
    if (root === "items" && id === "") {
      if (step?.fan?.variable === "items") return step.fan.batch?.size ?? null;
      return around === null ? null : around.sizes.#lengthOf(path, around.step);
    }
    if (root === "steps" && !this.#index.has(id) && around !== null) return around.sizes.#lengthOf(path, around.step);
    if (root === "inputs") {
      const value = at(this.#inputs, path.slice(1));
      return Array.isArray(value) ? value.length : null;
    }
    const index = root === "steps" && deeper === undefined ? this.#index.get(id) : undefined;
    const read = index === undefined ? undefined : this.#steps[index];
    if (index === undefined || read === undefined) return null;
    if (read.fan !== null) {
      const units = this.fans[index]?.units.ceiling;
      const isFlat = read.fan.batch?.flatten !== false || field !== "output";
      return field === "status" || units === undefined ? null : units * (isFlat ? (read.fan.batch?.size ?? 1) : 1);
    }
    const isValue = field === "output" && read.body.kind === "value";
    return isValue ? (knownItems(read.body.value, this.#inputs)?.length ?? null) : null;
  }
}

/** A path of the workspace is shorter than this, in bytes. */
const LONGEST_PATH = 512;

/** The longest answer of any model that a step may ask. */
function longestAnswer(plan: Plan, step: PlannedStep): number {
  const models = [modelsOf(plan, step), ...step.fallback.map((stage) => modelsOfStage(plan, step, stage))].flat();
  return models.reduce((most, model) => Math.max(most, model.maxTokens), 0);
}

/** The files that a tag prints: their literal paths, null for one that is computed. */
function filesIn(source: string, { start, end, isLiteral }: TextPart): readonly { readonly path: string | null }[] {
  if (isLiteral) return [];
  const calls = source.slice(start, end).matchAll(/[{(~\s]file\s+(?:"([^"]*)"|'([^']*)'|\S)/g);
  return [...calls].map(([, double, single]) => ({ path: double ?? single ?? null }));
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
