import type { ExpressionScope } from "../../expression/scope.ts";
import { intShape, listShape, stringShape } from "../../expression/shape.ts";
import type { NormalManifest } from "../../manifest/normal.ts";
import { isJsonObject, type Json, type JsonSchema } from "../../util/json.ts";
import type { Place } from "./site.ts";

/** The shape of what a step gives: its output, and the whole `steps.x`. */
export interface Shapes {
  /** By step, in the order of the file: `steps.x`. */
  readonly steps: JsonSchema;
  /** `item` of the steps that have `for_each`, by id. */
  readonly items: ReadonlyMap<string, JsonSchema>;
}

/** Names that are nowhere in reach yet, or somewhere else, each with the reason. */
const elsewhere = {
  item: "`item` is in reach in the task, value, env and stdin of a step with `for_each`",
  index: "`index` is in reach in the task, value, env and stdin of a step with `for_each`",
  items: "`items` belongs to `batch`, which is not in this version yet",
  matrix: "`matrix` is not in this version yet",
  previous: "`previous` belongs to `repeat`, `fallback` and `handoff`, which are not in this version yet",
  event: "`event` belongs to triggers, which are not in this version yet",
  output: "`output` is in reach in `accept` and `until`, which are not in this version yet",
  secrets:
    "a secret is in reach only in the `env` of `run` steps and in `api_key`, never in a prompt, a shell text or an output",
  steps: "`steps` is in reach inside steps and in `outputs`, not here",
  env: "`env` cannot read itself",
} as const;

/**
 * What each place may read (LANGUAGE.md, section 2). Scopes are shared between all steps that see the same, so that
 * checking many steps stays linear.
 */
export class Scopes {
  readonly #shapes: Shapes;
  readonly #roots: { readonly [name: string]: JsonSchema };
  readonly #shared = new Map<string, ExpressionScope>();

  constructor(manifest: NormalManifest, shapes: Shapes) {
    this.#shapes = shapes;
    this.#roots = {
      inputs: closed(Object.entries(manifest.inputs).map(([name, input]) => [name, input.schema])),
      env: closed(Object.keys(manifest.env).map((name) => [name, stringShape])),
      run: closed(["id", "name", "version", "started_at"].map((name) => [name, stringShape])),
      secrets: closed(manifest.secrets.map((name) => [name, stringShape])),
      steps: shapes.steps,
    };
  }

  /**
   * The scope of a place; `step` is the id of the step it belongs to, if any. `isLenient` allows any name below the
   * roots: for expressions whose unknown names were reported already.
   */
  at(place: Place, step: string | null, isLenient = false): ExpressionScope {
    const isUnit = place === "unit" || place === "unit_environment";
    const item = step === null || !isUnit ? undefined : this.#shapes.items.get(step);
    if (item !== undefined) return this.#make(place, isLenient, { item, index: intShape });
    const key = `${place} ${isLenient}`;
    let scope = this.#shared.get(key);
    if (scope === undefined) this.#shared.set(key, (scope = this.#make(place, isLenient, {})));
    return scope;
  }

  #make(place: Place, isLenient: boolean, more: { readonly [name: string]: JsonSchema }): ExpressionScope {
    const names: { [name: string]: JsonSchema } = { ...more };
    for (const root of rootsOf[place]) {
      const shape = this.#roots[root] ?? true;
      names[root] = isLenient && isJsonObject(shape) ? { ...shape, additionalProperties: true } : shape;
    }
    const hidden = Object.fromEntries(Object.entries(elsewhere).filter(([name]) => !Object.hasOwn(names, name)));
    return { names, hidden, statusFunctions: place === "condition" };
  }
}

const rootsOf: { readonly [place in Place]: readonly string[] } = {
  environment: ["inputs", "run", "secrets"],
  instructions: ["inputs", "env", "run"],
  outputs: ["inputs", "steps", "env", "run"],
  gate: ["inputs", "steps", "env", "run"],
  condition: ["inputs", "steps", "env", "run"],
  unit: ["inputs", "steps", "env", "run"],
  unit_environment: ["inputs", "steps", "env", "run", "secrets"],
};

/** An object with exactly these fields, all of them sure. Without `required`: every look-up would search it. */
export function closed(fields: readonly (readonly [string, JsonSchema])[]): JsonSchema {
  return { type: "object", properties: Object.fromEntries(fields), additionalProperties: false };
}

/** The shape of a value that is written out. */
export function shapeOf(value: Json): JsonSchema {
  if (value === null) return { type: "null" };
  if (Array.isArray(value)) return listShape(common(value.map(shapeOf)));
  if (isJsonObject(value)) return closed(Object.entries(value).map(([key, entry]) => [key, shapeOf(entry)]));
  if (typeof value === "number") return { type: Number.isInteger(value) ? "integer" : "number" };
  return { type: typeof value };
}

/** The shape that all have, or an unknown one. */
function common(shapes: readonly JsonSchema[]): JsonSchema {
  const [first] = shapes;
  if (first === undefined) return true;
  const text = JSON.stringify(first);
  return shapes.every((shape) => JSON.stringify(shape) === text) ? first : true;
}
