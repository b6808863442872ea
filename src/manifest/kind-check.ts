import type { JsonObject } from "../util/json.ts";
import { orList } from "./describe.ts";
import { explainUnknown, reportUnknown } from "./key-check.ts";
import type { SchemaObject } from "./schema-node.ts";
import type { Walk } from "./walk.ts";

/** Checks an object that is one of several kinds, told by a key that only one of them has. */
export function checkKind(walk: Walk, kinds: readonly SchemaObject[], object: JsonObject): void {
  const present = kinds.filter((kind) => Object.hasOwn(object, kindKey(kind)));
  const [kind, second] = present;
  if (!kind) return reportNone(walk, kinds, object);
  if (second) return reportSeveral(walk, kinds, present, object);
  if (kind["x-since"] === "later") {
    walk.inside(kindKey(kind), () =>
      walk.report("WF2007", `'${kindKey(kind)}' is not in this version yet`, { part: "key", help: kindHelp(kinds) }),
    );
    return;
  }
  const foreign = Object.keys(object).filter((key) => !has(kind, key) && owners(kinds, kind, key).length > 0);
  for (const key of foreign) {
    const owner = owners(kinds, kind, key);
    const later = owner.every((other) => other["x-since"] === "later") ? " (not in this version yet)" : "";
    const names = orList(owner.map((other) => `'${kindKey(other)}'`));
    walk.inside(key, () =>
      walk.report("WF2009", `'${key}' goes with ${names}${later}, not with '${kindKey(kind)}'`, { part: "key" }),
    );
  }
  walk.checkObject(kind, without(object, foreign));
}

const kindKey = (kind: SchemaObject): string => kind["x-kind"] as string;

/** The kinds that know a key which this kind does not. */
function owners(kinds: readonly SchemaObject[], kind: SchemaObject, key: string): readonly SchemaObject[] {
  if (key.startsWith("x-") || has(kind, key)) return [];
  return kinds.filter((other) => has(other, key));
}

const has = (schema: SchemaObject, key: string): boolean =>
  schema.properties !== undefined && Object.hasOwn(schema.properties, key);

const without = (object: JsonObject, keys: readonly string[]): JsonObject =>
  keys.length === 0 ? object : Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));

/** No key tells the kind: misspelt, foreign, or forgotten. */
function reportNone(walk: Walk, kinds: readonly SchemaObject[], object: JsonObject): void {
  const all = walk.index.merged(kinds);
  const keys = Object.keys(object).filter((key) => !key.startsWith("x-"));
  const unknown = keys.filter((key) => !has(all, key));
  const kindKeys = new Set(kinds.map(kindKey));
  const meansKind = unknown.some((key) => kindKeys.has(explainUnknown(walk, all, key).key ?? ""));
  if (!meansKind && kinds[0]?.["x-place"] === "step") {
    const owner = keys.flatMap((key) => builtOwner(kinds, key) ?? []).at(0);
    const help =
      owner === undefined ? kindHelp(kinds) : `'${owner.key}' belongs to '${owner.kind}': add \`${owner.kind}: ...\``;
    walk.report("WF2008", `${walk.label} does not say what it does`, { part: "key", help });
  } else if (unknown.length === 0) {
    walk.report("WF2002", `${walk.label} has none of the keys ${orList(kinds.map((kind) => `'${kindKey(kind)}'`))}`, {
      part: "key",
    });
  }
  reportUnknown(walk, all, object, unknown);
  walk.checkEntries(
    all,
    object,
    keys.filter((key) => has(all, key)),
  );
}

/** The only kind of this version that a key belongs to. */
function builtOwner(kinds: readonly SchemaObject[], key: string): { key: string; kind: string } | null {
  const built = kinds.filter((kind) => kind["x-since"] !== "later");
  const own = built.filter((kind) => has(kind, key));
  return own.length === 1 && own[0] ? { key, kind: kindKey(own[0]) } : null;
}

function reportSeveral(
  walk: Walk,
  kinds: readonly SchemaObject[],
  present: readonly SchemaObject[],
  object: JsonObject,
): void {
  const [first = "", second = ""] = Object.keys(object).filter((key) => present.some((kind) => kindKey(kind) === key));
  const pointer = walk.pointer;
  walk.inside(second, () =>
    walk.report("WF2008", `'${pointer.at(-1) ?? ""}' has both '${first}' and '${second}'`, {
      part: "key",
      help:
        present[0]?.["x-place"] === "step" ? "one step does one thing: make two steps of it" : "take one of them out",
      related: { pointer: [...pointer, first], part: "key", message: `'${first}' is here` },
    }),
  );
  const all = walk.index.merged(kinds);
  const keys = Object.keys(object).filter(
    (key) => !key.startsWith("x-") && !present.some((kind) => kindKey(kind) === key),
  );
  reportUnknown(
    walk,
    all,
    object,
    keys.filter((key) => !has(all, key)),
  );
  walk.checkEntries(
    all,
    object,
    keys.filter((key) => has(all, key)),
  );
}

function kindHelp(kinds: readonly SchemaObject[]): string {
  const built = kinds.filter((kind) => kind["x-since"] !== "later").map(kindKey);
  return `it needs exactly one of the keys ${orList(built)}`;
}
