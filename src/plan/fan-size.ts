import type { Json, JsonObject } from "../util/json.ts";
import { isJsonObject } from "../util/json.ts";
import type { Template } from "../expression/template.ts";

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

/** The value at a path of own keys; undefined when there is none. */
export function at(value: Json | undefined, path: readonly string[]): Json | undefined {
  for (const key of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}
