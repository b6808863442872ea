import type { ExpressionScope } from "../../expression/scope.ts";
import { intShape, listShape, nullShape, stringShape, unionOf } from "../../expression/shape.ts";
import type { NormalManifest } from "../../manifest/normal.ts";
import { isJsonObject, type Json, type JsonSchema } from "../../util/json.ts";
import type { PlacedStep, Position } from "./position.ts";
import type { Place } from "./site.ts";

/** Names with the shapes of their values. */
export type NameShapes = { readonly [name: string]: JsonSchema };

/** The shapes of what steps give and what their units see. */
export interface Shapes {
  /** By step, of all the file: `steps.x`. */
  readonly steps: JsonSchema;
  /** What the units of a step see beside all others (`item`, `index`, ...), by its id; missing = nothing. */
  readonly units: ReadonlyMap<string, NameShapes>;
  /** `output` of one unit, by the id of its step; missing = not known. */
  readonly outputs: ReadonlyMap<string, JsonSchema>;
}

/** Names that are not in reach at a place, each with where they are. */
const elsewhere = {
  item: "`item` is in reach in the task, value, env and stdin of a step with `for_each`, and in the steps inside of it",
  index:
    "`index` is in reach in the task, value, env and stdin of a step with `for_each`, and in the steps inside of it",
  items: "`items` is in reach in the task, value, env and stdin of a step with `batch`, and in the steps inside of it",
  matrix:
    "`matrix` is in reach in the task, value, env and stdin of a step with `matrix`, and in the steps inside of it",
  previous: "`previous` is in reach in a step with `repeat` or `fallback`, and in the steps inside of it",
  event: "`event` belongs to triggers, which are not in this version yet",
  output: "`output` is in reach in the `until` of `repeat`",
  secrets:
    "a secret is in reach only in the `env` of `run` steps and of agents, in headers and body of `http`, as its whole `url`, in `connection` of `sql` and in `api_key`, never in a prompt, a shell text or an output",
  steps: "`steps` is in reach inside steps and in `outputs`, not here",
  env: "`env` cannot read itself",
  prompt: "`prompt` is in reach in `command.argv` of an agent",
} as const;

const NO_NAMES: NameShapes = {};

/**
 * What each place may read (LANGUAGE.md, section 2). Scopes are shared between all steps that see the same, so that
 * checking many steps stays linear. `steps` has all steps of the file: which of them are in reach is told by names.
 */
export class Scopes {
  readonly #shapes: Shapes;
  readonly #roots: NameShapes;
  readonly #lastRun: JsonSchema;
  readonly #suggest: ExpressionScope["suggest"];
  /** What is in reach inside of a group because of the units of it and those around it. */
  readonly #inside = new Map<PlacedStep, NameShapes>();
  readonly #shared = new Map<NameShapes, Map<string, ExpressionScope>>();

  /** `suggest` finds the name that was meant, within the bounds of the file. */
  constructor(manifest: NormalManifest, shapes: Shapes, suggest?: ExpressionScope["suggest"]) {
    this.#shapes = shapes;
    this.#suggest = suggest;
    const run = ["id", "name", "version", "started_at"].map((name) => [name, stringShape] as const);
    this.#roots = {
      inputs: closed(Object.entries(manifest.inputs).map(([name, input]) => [name, input.schema])),
      env: closed(Object.keys(manifest.env).map((name) => [name, stringShape])),
      run: closed(run),
      secrets: closed(manifest.secrets.map((name) => [name, stringShape])),
      prompt: stringShape,
      steps: shapes.steps,
    };
    this.#lastRun = closed([...run, ["status", RUN_STATUS], ["error", ERROR]]);
  }

  /**
   * The scope of a place. `isLenient` allows any name below the roots: for expressions whose unknown names were
   * reported already.
   */
  at(place: Place, position: Position, isLenient = false): ExpressionScope {
    const around = this.#insideOf(position.group);
    const own = position.step === null ? NO_NAMES : this.#own(place, position.step);
    if (own !== NO_NAMES) return this.#make(place, position, isLenient, { ...around, ...own });
    let shared = this.#shared.get(around);
    if (shared === undefined) this.#shared.set(around, (shared = new Map<string, ExpressionScope>()));
    const key = `${place} ${isLenient} ${position.isFinally}`;
    let scope = shared.get(key);
    if (scope === undefined) shared.set(key, (scope = this.#make(place, position, isLenient, around)));
    return scope;
  }

  #insideOf(group: PlacedStep | null): NameShapes {
    if (group === null) return NO_NAMES;
    let names = this.#inside.get(group);
    if (names === undefined) {
      const units = this.#shapes.units.get(group.parsed.step.id);
      const around = this.#insideOf(group.group);
      this.#inside.set(group, (names = units === undefined ? around : { ...around, ...units }));
    }
    return names;
  }

  #own(place: Place, { parsed }: PlacedStep): NameShapes {
    const { id } = parsed.step;
    const units = this.#shapes.units.get(id) ?? NO_NAMES;
    switch (place) {
      case "unit":
      case "unit_environment":
        return units;
      case "until":
        return { ...units, output: this.#shapes.outputs.get(id) ?? true };
      case "key":
        return { item: itemOf(units), index: intShape };
      default:
        return NO_NAMES;
    }
  }

  #make(place: Place, { isFinally }: Position, isLenient: boolean, more: NameShapes): ExpressionScope {
    const names: { [name: string]: JsonSchema } = { ...more };
    for (const root of rootsOf[place]) {
      const shape = root === "run" && isFinally ? this.#lastRun : (this.#roots[root] ?? true);
      names[root] = isLenient && isJsonObject(shape) ? { ...shape, additionalProperties: true } : shape;
    }
    const hidden = Object.fromEntries(Object.entries(elsewhere).filter(([name]) => !Object.hasOwn(names, name)));
    const scope = { names, hidden, statusFunctions: place === "condition" };
    return this.#suggest === undefined ? scope : { ...scope, suggest: this.#suggest };
  }
}

/** One item of what a unit sees: of a batch, one of its `items`. */
function itemOf({ item, items }: NameShapes): JsonSchema {
  if (item !== undefined) return item;
  return isJsonObject(items) ? ((items["items"] as JsonSchema | undefined) ?? true) : true;
}

const inSteps = ["inputs", "steps", "env", "run"];

const rootsOf: { readonly [place in Place]: readonly string[] } = {
  environment: ["inputs", "run", "secrets"],
  instructions: ["inputs", "env", "run"],
  agent_environment: ["inputs", "env", "run", "secrets"],
  argument: ["inputs", "env", "run", "prompt"],
  outputs: inSteps,
  gate: inSteps,
  condition: inSteps,
  unit: inSteps,
  unit_environment: [...inSteps, "secrets"],
  key: inSteps,
  until: inSteps,
  group_outputs: inSteps,
};

/** An object with exactly these fields, all of them sure. Without `required`: every look-up would search it. */
export function closed(fields: readonly (readonly [string, JsonSchema])[]): JsonSchema {
  return { type: "object", properties: Object.fromEntries(fields), additionalProperties: false };
}

/** Either the shape or null. */
export function orNull(shape: JsonSchema): JsonSchema {
  return unionOf([shape, nullShape]);
}

/** `steps.x.error`, `run.error`: a failure, or null. */
export const ERROR: JsonSchema = orNull(
  closed([
    ["class", stringShape],
    ["code", stringShape],
    ["message", stringShape],
  ]),
);

/** What `finally` can find. */
const RUN_STATUS: JsonSchema = { enum: ["succeeded", "failed", "cancelled"], type: "string" };

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
