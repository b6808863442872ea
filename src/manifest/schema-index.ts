import { typeOf } from "./describe.ts";
import type { SchemaNode, SchemaObject } from "./schema-node.ts";
import type { Json } from "../util/json.ts";

/** A schema with its references resolved where they are asked for; answers are kept, as a file asks them often. */
export class SchemaIndex {
  readonly #defs: { readonly [name: string]: SchemaNode };
  readonly #resolved = new Map<SchemaObject, SchemaObject>();
  readonly #alternatives = new Map<SchemaObject, readonly SchemaObject[]>();
  readonly #patterns = new Map<string, RegExp>();

  constructor(root: SchemaNode) {
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

  pattern(source: string): RegExp {
    let pattern = this.#patterns.get(source);
    if (!pattern) this.#patterns.set(source, (pattern = new RegExp(source, "u")));
    return pattern;
  }
}

const anything: SchemaObject = { "x-any": true };

/** Whether a value has a type that a schema allows, whatever else the schema says. */
export function typeFits(schema: SchemaObject, value: Json): boolean {
  const actual = typeOf(value);
  const allowed = typesOf(schema);
  return allowed === null || allowed.includes(actual) || (actual === "integer" && allowed.includes("number"));
}

/** The JSON types that a schema allows; null = all. */
function typesOf(schema: SchemaObject): readonly string[] | null {
  if (schema.enum) return schema.enum.map(typeOf);
  if (schema.type === undefined) return schema.properties ? ["object"] : null;
  return typeof schema.type === "string" ? [schema.type] : schema.type;
}
