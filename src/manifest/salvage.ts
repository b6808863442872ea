import { isJsonObject, type Json } from "../util/json.ts";
import type { Document } from "./document.ts";
import type { Pointer } from "./pointer.ts";
import { validateManifest } from "./validate.ts";
import type { Manifest } from "./types.ts";

/** Keys of a step whose absence gives no other problem further on: nothing else in the file refers to what they say. */
const LOOSE = new Set([
  "description",
  "needs",
  "if",
  "timeout",
  "retry",
  "idempotent",
  "cache",
  "workspace",
  "region",
  "simulate",
  "on_error",
  "max_parallel",
  "max_items",
  "fail_fast",
  "join",
]);
/** Keys of a step that give names or shapes to others, or that make it what it is. */
const NAMING = new Set(["output", "for_each", "matrix", "repeat", "batch", "handoff", "fallback"]);
/** Keys of the manifest that give names to others, or that a name may lead to. */
const NAMING_TOP = new Set([
  "muster",
  "name",
  "inputs",
  "env",
  "secrets",
  "models",
  "agents",
  "sessions",
  "channels",
  "defaults",
  "steps",
  "finally",
  "outputs",
  "variants",
]);

/**
 * What is left of a manifest with problems when the wrong entries are taken out, so that its names, graph and
 * expressions can be looked at all the same. null when taking one out could make another problem appear: one mistake
 * must not be told twice. `wrong` are the pointers of the problems.
 */
export function salvage(
  document: Document,
  wrong: readonly Pointer[],
): { readonly document: Document; readonly manifest: Manifest } | null {
  let data: Json = document.data;
  for (const pointer of wrong) {
    const entry = removable(pointer);
    if (entry === null) return null;
    data = without(data, entry);
  }
  const left: Document = { ...document, data };
  const manifest = validateManifest(left);
  return manifest.ok ? { document: left, manifest: manifest.value } : null;
}

/** The entry to take out for a problem: a key at the top, or one of a step; null when others depend on it. */
function removable(pointer: Pointer): Pointer | null {
  const [top, name, key] = pointer;
  if (typeof top !== "string") return null;
  if (!NAMING_TOP.has(top)) return [top];
  if (top !== "steps" || name === undefined || typeof key !== "string" || NAMING.has(key)) return null;
  // A key that no step has (a slip of the pen, another tool's word) refers to nothing; kinds are not known here.
  return LOOSE.has(key) || pointer.length === 3 ? [top, name, key] : null;
}

function without(value: Json, [segment, ...rest]: Pointer): Json {
  if (!isJsonObject(value) || typeof segment !== "string" || !Object.hasOwn(value, segment)) return value;
  const { [segment]: entry, ...others } = value;
  if (rest.length === 0) return others;
  // In place, so that the order of the steps stays.
  return Object.fromEntries(
    Object.entries(value).map(([key, old]) => [key, key === segment ? without(entry as Json, rest) : old]),
  );
}
