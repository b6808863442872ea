import type { NormalMatrix } from "../manifest/normal.ts";
import { canonicalJson } from "../util/canonical-json.ts";
import type { Json, JsonObject } from "../util/json.ts";

/** How many combinations the axes have before anything is left out or added. */
export function productOf({ axes }: NormalMatrix): number {
  const sizes = Object.values(axes).map((values) => values.length);
  return sizes.length === 0 ? 0 : sizes.reduce((product, size) => product * size, 1);
}

/**
 * The combinations of a matrix as GitHub Actions makes them: the first key varies slowest; `exclude` takes out all
 * that have its values; then each entry of `include` is added to every combination whose own values it would not
 * change, and where there is none it is a combination by itself. Bound `productOf` first.
 */
export function combinationsOf({ axes, include, exclude }: NormalMatrix): readonly JsonObject[] {
  let products: { readonly [key: string]: Json }[] = Object.keys(axes).length === 0 ? [] : [{}];
  for (const [key, values] of Object.entries(axes)) {
    products = products.flatMap((product) => values.map((value) => ({ ...product, [key]: value })));
  }
  const combinations = products
    .filter((product) => !exclude.some((entry) => agrees(product, entry, Object.keys(entry))))
    .map((product) => ({ own: product, all: product }));
  const added: JsonObject[] = [];
  for (const entry of include) {
    const shared = Object.keys(entry).filter((key) => Object.hasOwn(axes, key));
    const fitting = combinations.filter(({ own }) => agrees(own, entry, shared));
    for (const combination of fitting) combination.all = { ...combination.all, ...entry };
    if (fitting.length === 0) added.push(entry);
  }
  return [...combinations.map(({ all }) => all), ...added];
}

/** Both have the same values under these keys. */
function agrees(product: JsonObject, entry: JsonObject, keys: readonly string[]): boolean {
  return keys.every(
    (key) => Object.hasOwn(product, key) && canonicalJson(product[key] as Json) === canonicalJson(entry[key] as Json),
  );
}
