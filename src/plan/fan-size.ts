import type { Json, JsonObject } from "../util/json.ts";
import { isJsonObject } from "../util/json.ts";
import type { Template } from "../expression/template.ts";
import type { PlannedStep } from "./types.ts";

/** A whole expression that is nothing but a path into the inputs, e.g. `inputs.sites` or `inputs.repo.files`. */
const INPUT_PATH = /^\s*inputs((?:\.[A-Za-z_]\w*)+)\s*$/;

/** The size of a list that is written out in the manifest; null when it is computed. */
export function staticSize(items: Template): number | null {
  if (items.kind === "list") return items.items.length;
  return items.kind === "literal" && Array.isArray(items.value) ? items.value.length : null;
}

/**
 * The items of a list as far as they are known before the run: written out, or one path into the inputs.
 * A template inside a list counts as an item that is not known (`undefined`). null = the list is not known.
 */
export function knownItems(items: Template, inputs: JsonObject): readonly (Json | undefined)[] | null {
  switch (items.kind) {
    case "list":
      return items.items.map((item) => (item.kind === "literal" ? item.value : undefined));
    case "literal":
      return Array.isArray(items.value) ? items.value : null;
    case "cel": {
      const path = INPUT_PATH.exec(items.source)?.[1];
      const value = path === undefined ? undefined : at(inputs, path.slice(1).split("."));
      return Array.isArray(value) ? value : null;
    }
    default:
      return null;
  }
}

/** The value of a template as far as it is known before the run: written out, or one path into the inputs. */
export function knownValue(template: Template, inputs: JsonObject): Json | undefined {
  if (template.kind === "literal") return template.value;
  const path = template.kind === "cel" ? INPUT_PATH.exec(template.source)?.[1] : undefined;
  return path === undefined ? undefined : at(inputs, path.slice(1).split("."));
}

/** How many units a step has. */
export interface FanSize {
  /** 1 without a list. The floor is 0 for a list that is not known. */
  readonly units: { readonly floor: number; readonly ceiling: number };
  /** The list is known: written out, or an input. Otherwise the ceiling comes of `max_items`. */
  readonly isSizeKnown: boolean;
  /** More items than `max_items`: the step will fail before its first. */
  readonly isTooLarge: boolean;
}

/** The units of a step; `inputs` are the values that are known. A batch is one unit. */
export function unitsOf({ fan }: PlannedStep, inputs: JsonObject): FanSize {
  if (fan === null) return { units: { floor: 1, ceiling: 1 }, isSizeKnown: true, isTooLarge: false };
  const inBatches = (items: number): number => Math.ceil(items / (fan.batch?.size ?? 1));
  const size = fan.size ?? (fan.glob === null ? (knownItems(fan.items, inputs)?.length ?? null) : null);
  if (size === null)
    return { units: { floor: 0, ceiling: inBatches(fan.maxItems) }, isSizeKnown: false, isTooLarge: false };
  if (size > fan.maxItems) return { units: { floor: 0, ceiling: 0 }, isSizeKnown: true, isTooLarge: true };
  const floor = fan.join.kind === "any" ? Math.min(1, size) : inBatches(size);
  return { units: { floor, ceiling: inBatches(size) }, isSizeKnown: true, isTooLarge: false };
}

/** The value at a path of own keys; undefined when there is none. */
export function at(value: Json | undefined, path: readonly string[]): Json | undefined {
  for (const key of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}
