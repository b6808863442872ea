import type { Json, JsonObject } from "../util/json.ts";
import { foreignWord, snakeCase } from "./foreign.ts";
import type { SchemaObject } from "./schema-node.ts";
import type { Walk } from "./walk.ts";

/** Checks an object with a fixed set of keys: unknown ones, missing ones, and what is below the known. */
export function checkKeys(walk: Walk, schema: SchemaObject, object: JsonObject): void {
  const known = schema.properties ?? {};
  const keys = Object.keys(object).filter((key) => !key.startsWith("x-"));
  const missing = missingKeys(schema, object);
  const unknown = keys.filter((key) => !Object.hasOwn(known, key));
  if (unknown.length === 0 && missing.length === 0) return walk.checkEntries(schema, object, keys);
  const meant = reportUnknown(walk, schema, object, unknown, missing);
  const others = keys.filter((key) => Object.hasOwn(known, key));
  walk.checkEntries(schema, object, others);
  for (const key of missing) {
    // A misspelt key is not missing as well.
    if (!meant.has(key)) reportMissing(walk, key, object);
  }
}

/** Reports unknown keys; gives the keys that were meant by them. One unknown key stands for the only missing one. */
export function reportUnknown(
  walk: Walk,
  schema: SchemaObject,
  object: JsonObject,
  keys: readonly string[],
  missing: readonly string[] = [],
): Set<string> {
  const meant = new Set<string>();
  for (const key of keys) {
    let { key: own, help } = explainUnknown(walk, schema, key, object[key]);
    if (own === null && keys.length === 1 && missing.length === 1 && missing[0] !== undefined) {
      own = missing[0];
      help = `did you mean '${own}'? It is missing here`;
    }
    if (own !== null) meant.add(own);
    else help ??= elsewhere(walk, schema, key);
    walk.inside(key, () => walk.report("WF2001", `unknown key '${key.slice(0, 80)}'`, { part: "key", help }));
  }
  return meant;
}

/** Where people look for keys first. */
const placeText: { readonly [place: string]: string } = {
  manifest: "stands at the top of the file",
  step: "stands at a step",
  agent: "stands at an agent, below `agents`",
};

/** A key that is one, but of another place. */
function elsewhere({ index }: Walk, { "x-place": here }: SchemaObject, key: string): string | null {
  const place = index.placesOfKey(key).find((one) => one !== here && placeText[one] !== undefined);
  return place === undefined || here === undefined ? null : `'${key}' ${placeText[place] ?? ""}`;
}

/** The key that was meant by an unknown one, and what to tell its writer. */
export function explainUnknown(
  walk: Walk,
  schema: SchemaObject,
  key: string,
  value: Json = null,
): { key: string | null; help: string | null } {
  const known = walk.index.keysOf(schema);
  const snake = snakeCase(key);
  if (known.includes(snake)) return { key: snake, help: `did you mean '${snake}'?` };
  const foreign = foreignWord(schema["x-place"] ?? "", key, value);
  if (foreign) return foreign;
  const near = walk.guesses.suggest(key, known);
  if (near !== null) return { key: near, help: `did you mean '${near}'?` };
  return { key: null, help: known.length <= 12 ? `the keys here are ${known.join(", ")}` : null };
}

function missingKeys(schema: SchemaObject, object: JsonObject): readonly string[] {
  const missing = (schema.required ?? []).filter((key) => !Object.hasOwn(object, key));
  if (schema.anyOf === undefined) return missing;
  // Beside `properties`, `anyOf` lists sets of keys of which one must be there; the first is the usual one.
  const sets = schema.anyOf.map((node) => (node === true ? [] : (node.required ?? [])));
  if (sets.length === 0 || sets.some((set) => set.every((key) => Object.hasOwn(object, key)))) return missing;
  return [...missing, ...(sets[0] ?? [])];
}

function reportMissing(walk: Walk, key: string, object: JsonObject): void {
  const [first] = Object.keys(object);
  if (walk.pointer.length > 0 || first === undefined) {
    walk.report("WF2002", `${walk.label} has no '${key}'`, { part: "key" });
  } else {
    walk.inside(first, () =>
      walk.report("WF2002", `the manifest has no '${key}'`, { part: "key", help: topHelp[key] }),
    );
  }
}

const topHelp: { readonly [key: string]: string } = {
  name: "add `name: my-workflow`",
  steps: "add `steps:` with at least one step below it",
};
