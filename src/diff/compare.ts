import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type Json, type JsonObject } from "../util/json.ts";
import type { FieldChange, NamedChange, StepChange } from "./change.ts";
import { directionOf, type FieldOwner } from "./direction.ts";
import { factsOf } from "./facts.ts";
import type { Meaning, StepMeaning } from "./meaning.ts";

/** What is said differently in two objects, key by key, down to single values; lists and texts are values. */
export function fieldChanges(
  before: JsonObject,
  after: JsonObject,
  owner: FieldOwner,
  prefix = "",
): readonly FieldChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name): readonly FieldChange[] => {
    const [was, is] = [stagesOf(name, own(before, name)), stagesOf(name, own(after, name))];
    if (isDeepStrictEqual(was, is)) return [];
    const field = `${prefix}${name}`;
    const areMaps = (isJsonObject(was) || was === undefined) && (isJsonObject(is) || is === undefined);
    if (areMaps && !isWhole(name)) return fieldChanges(asMap(was), asMap(is), owner, `${field}.`);
    return [{ field, before: was, after: is, direction: directionOf(field, was, is, owner) }];
  });
}

/** The stages of a handoff are compared one by one: what each says has a meaning of its own. */
function stagesOf(name: string, value: Json | undefined): Json | undefined {
  if (name !== "handoff" || !Array.isArray(value)) return value;
  return Object.fromEntries(value.map((stage: Json, index) => [index + 1, stage] as const));
}

const own = (object: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined;
const asMap = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});
/** Their parts alone say nothing: a JSON Schema, and a `cache` that may be no more than `true`. */
const isWhole = (name: string): boolean => ["output", "schema", "simulate", "cache"].includes(name);

/** Changes of agents, by name. */
export function agentChanges(
  before: { readonly [name: string]: JsonObject },
  after: { readonly [name: string]: JsonObject },
): readonly NamedChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name): readonly NamedChange[] => {
    const [was, is] = [own(before, name), own(after, name)];
    if (!isJsonObject(was)) return [{ name, change: "added", from: null, fields: [] }];
    if (!isJsonObject(is)) return [{ name, change: "removed", from: null, fields: [] }];
    const fields = fieldChanges(was, is, "agent").map((change) => goneMode(change, is));
    return fields.length === 0 ? [] : [{ name, change: "changed", from: null, fields }];
  });
}

/** The mode of a program that is an agent no more is no other mode. */
function goneMode(change: FieldChange, agent: JsonObject): FieldChange {
  return change.field === "acp.mode" && agent["acp"] === undefined ? { ...change, direction: "narrowed" } : change;
}

/** Changes of steps, by path; a step that does the same under another name was renamed. Removed ones come last. */
export function stepChanges(
  before: ReadonlyMap<string, StepMeaning>,
  after: ReadonlyMap<string, StepMeaning>,
  agents: Meaning["agents"],
): readonly StepChange[] {
  const gone = [...before].filter(([path]) => !after.has(path));
  const renamed = renames(
    gone,
    [...after].filter(([path]) => !before.has(path)),
  );
  const changes: StepChange[] = [];
  for (const [name, is] of after) {
    const from = renamed.get(name);
    const was = before.get(from ?? name);
    if (was === undefined) {
      changes.push({
        name,
        change: "added",
        from: null,
        kind: is.kind,
        fields: [],
        does: factsOf(is, agents),
        needsAdded: is.needs,
        needsRemoved: [],
      });
      continue;
    }
    // What it waits for may be called otherwise now.
    const needed = was.needs.map((need) => newName(need, name, renamed));
    const needsAdded = is.needs.filter((need) => !needed.includes(need));
    const needsRemoved = needed.filter((need) => !is.needs.includes(need));
    const fields = [
      ...(was.kind === is.kind ? [] : [{ field: "kind", before: was.kind, after: is.kind, direction: null }]),
      ...fieldChanges(was.fields, is.fields, "step"),
    ];
    if (from === undefined && fields.length + needsAdded.length + needsRemoved.length === 0) continue;
    const change = from === undefined ? "changed" : "renamed";
    changes.push({ name, change, from: from ?? null, kind: is.kind, fields, does: [], needsAdded, needsRemoved });
  }
  const isRenamed = new Set(renamed.values());
  for (const [name, { kind, needs }] of gone) {
    if (isRenamed.has(name)) continue;
    changes.push({
      name,
      change: "removed",
      from: null,
      kind,
      fields: [],
      does: [],
      needsAdded: [],
      needsRemoved: needs,
    });
  }
  return changes;
}

/** New paths with the old ones of steps that do exactly the same, where there is one of each. */
function renames(
  gone: readonly (readonly [string, StepMeaning])[],
  come: readonly (readonly [string, StepMeaning])[],
): ReadonlyMap<string, string> {
  const byDigest = (list: typeof gone): Map<string, string[]> => {
    const found = new Map<string, string[]>();
    for (const [path, { digest }] of list) found.set(digest, [...(found.get(digest) ?? []), path]);
    return found;
  };
  const old = byDigest(gone);
  return new Map(
    [...byDigest(come)].flatMap(([digest, paths]): [string, string][] => {
      const [from, ...others] = old.get(digest) ?? [];
      const [to] = paths;
      return from === undefined || to === undefined || others.length > 0 || paths.length > 1 ? [] : [[to, from]];
    }),
  );
}

/** A step that the step at `path` waits for, by its new name where it was renamed. */
function newName(need: string, path: string, renamed: ReadonlyMap<string, string>): string {
  const prefix = path.slice(0, path.lastIndexOf("/") + 1);
  const found = [...renamed].find(([to, from]) => from === `${prefix}${need}` && to.startsWith(prefix));
  return found === undefined ? need : found[0].slice(prefix.length);
}
