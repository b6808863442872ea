import { typeOf } from "./describe.ts";
import type { SchemaNode, SchemaObject } from "./schema-node.ts";
import type { Json } from "../util/json.ts";

/** A schema with its references resolved where they are asked for; answers are kept, as a file asks them often. */
export class SchemaIndex {
  readonly #defs: { readonly [name: string]: SchemaNode };
  readonly #resolved = new Map<SchemaObject, SchemaObject>();
  readonly #alternatives = new Map<SchemaObject, readonly SchemaObject[]>();
  readonly #fitting = new Map<SchemaObject, Map<string, readonly SchemaObject[]>>();
  readonly #merged = new Map<readonly SchemaObject[], SchemaObject>();
  readonly #keys = new Map<SchemaObject, readonly string[]>();
  readonly #patterns = new Map<string, RegExp>();
  readonly #root: SchemaNode;
  #places: ReadonlyMap<string, ReadonlySet<string>> | null = null;

  constructor(root: SchemaNode) {
    this.#root = root;
    this.#defs = root === true ? {} : (root.$defs ?? {});
  }

  /** The schema without `$ref`: keywords beside a reference win over those of its target. */
  resolve(node: SchemaNode): SchemaObject {
    if (node === true) return anything;
    if (node.$ref === undefined) return node;
    let resolved = this.#resolved.get(node);
    if (!resolved) {
      const { $ref, ...own } = node;
      resolved = { ...this.resolve(this.#defs[$ref.slice("#/$defs/".length)] ?? true), ...own };
      this.#resolved.set(node, resolved);
    }
    return resolved;
  }

  /** The alternatives of a resolved schema, those inside alternatives too; the schema itself when it has none. */
  alternatives(schema: SchemaObject): readonly SchemaObject[] {
    if (!schema.anyOf || schema.properties) return [schema];
    let flat = this.#alternatives.get(schema);
    if (!flat) {
      flat = schema.anyOf.flatMap((node) => this.alternatives(this.resolve(node)));
      this.#alternatives.set(schema, flat);
    }
    return flat;
  }

  /** The alternatives of a resolved schema whose type the value has. */
  fitting(schema: SchemaObject, value: Json): readonly SchemaObject[] {
    const type = typeOf(value);
    let known = this.#fitting.get(schema);
    if (known === undefined) this.#fitting.set(schema, (known = new Map<string, readonly SchemaObject[]>()));
    let fitting = known.get(type);
    if (fitting === undefined) {
      fitting = this.alternatives(schema).filter((alternative) => typeFits(alternative, type));
      known.set(type, fitting);
    }
    return fitting;
  }

  /**
   * All keys that any of several kinds knows, as the first that has them describes them. `kinds` is an answer of
   * `fitting`.
   */
  merged(kinds: readonly SchemaObject[]): SchemaObject {
    let merged = this.#merged.get(kinds);
    if (merged === undefined) this.#merged.set(kinds, (merged = merge(kinds)));
    return merged;
  }

  /** The keys that a schema names; the same list for the same schema. */
  keysOf(schema: SchemaObject): readonly string[] {
    let keys = this.#keys.get(schema);
    if (keys === undefined) this.#keys.set(schema, (keys = Object.keys(schema.properties ?? {})));
    return keys;
  }

  /** The places (`x-place`) that have a key in this version, the top first. */
  placesOfKey(key: string): readonly string[] {
    if (this.#places === null) {
      const places = new Map<string, Set<string>>();
      for (const node of [this.#root, ...Object.values(this.#defs)]) {
        if (node === true || node["x-place"] === undefined || node["x-since"] === "later") continue;
        const keys = places.get(node["x-place"]) ?? new Set();
        places.set(node["x-place"], keys);
        for (const [name, own] of Object.entries(node.properties ?? {}))
          if (this.resolve(own)["x-since"] !== "later") keys.add(name);
      }
      this.#places = places;
    }
    return [...this.#places].filter(([, keys]) => keys.has(key)).map(([place]) => place);
  }

  pattern(source: string): RegExp {
    let pattern = this.#patterns.get(source);
    if (!pattern) this.#patterns.set(source, (pattern = new RegExp(source, "u")));
    return pattern;
  }
}

const anything: SchemaObject = { "x-any": true };

/** Whether a schema allows a type, whatever else it says. */
function typeFits(schema: SchemaObject, actual: string): boolean {
  const allowed = typesOf(schema);
  return allowed === null || allowed.includes(actual) || (actual === "integer" && allowed.includes("number"));
}

/** The JSON types that a schema allows; null = all. */
function typesOf(schema: SchemaObject): readonly string[] | null {
  if (schema.enum) return schema.enum.map(typeOf);
  if (schema.type === undefined) return schema.properties ? ["object"] : null;
  return typeof schema.type === "string" ? [schema.type] : schema.type;
}

function merge(kinds: readonly SchemaObject[]): SchemaObject {
  const properties: { [key: string]: SchemaNode } = {};
  for (const kind of kinds) {
    for (const [key, node] of Object.entries(kind.properties ?? {}))
      properties[key] ??= kind["x-since"] === "later" ? true : node;
  }
  const place = kinds[0]?.["x-place"];
  return { ...(place !== undefined && { "x-place": place }), properties };
}
