import { SchemaIndex } from "../manifest/schema-index.ts";
import type { SchemaNode, SchemaObject } from "../manifest/schema-node.ts";
import type { Json } from "../util/json.ts";

/** The schema as it is published: with the words for people that the validator's own copy leaves out. */
export type DescribedSchema = SchemaObject & { readonly description?: string; readonly examples?: readonly Json[] };

type Pointer = readonly (string | number)[];

/** What the schema of the language says of the places of a manifest. */
export class SchemaGuide {
  readonly #root: SchemaNode;
  readonly #index: SchemaIndex;

  /** `root` is the content of schemas/workflow.v1.json. */
  constructor(root: SchemaNode) {
    this.#root = root;
    this.#index = new SchemaIndex(root);
  }

  /** Of a value, with its description; several where alternatives differ. `keysAt` gives the keys of a map. */
  at(pointer: Pointer, keysAt: (map: Pointer) => readonly string[]): readonly DescribedSchema[] {
    let nodes: readonly SchemaObject[] = [this.#index.resolve(this.#root)];
    pointer.forEach((segment, depth) => {
      const keys = keysAt(pointer.slice(0, depth));
      nodes = this.#narrowed(nodes, keys).flatMap((schema) => this.#below(schema, segment));
    });
    return unique(nodes);
  }

  /** The keys that a map may have, each with what is said of it. */
  keysOf(pointer: Pointer, keysAt: (map: Pointer) => readonly string[]): ReadonlyMap<string, DescribedSchema> {
    const found = new Map<string, DescribedSchema>();
    for (const schema of this.#narrowed(this.at(pointer, keysAt), keysAt(pointer))) {
      for (const [key, node] of Object.entries(schema.properties ?? {})) {
        const described = this.#index.resolve(node);
        if (described["x-since"] !== "later" && !found.has(key)) found.set(key, described);
      }
    }
    return found;
  }

  /** The words that a value may be. */
  wordsOf(pointer: Pointer, keysAt: (map: Pointer) => readonly string[]): readonly string[] {
    const schemas = this.#narrowed(this.at(pointer, keysAt), []);
    const words = schemas.flatMap((schema) => {
      if (schema.enum !== undefined) return schema.enum.filter((each) => typeof each === "string");
      return schema.type === "boolean" ? ["true", "false"] : [];
    });
    return [...new Set(words)];
  }

  /** The alternatives, without those that the keys of the map rule out. */
  #narrowed(nodes: readonly SchemaObject[], keys: readonly string[]): readonly DescribedSchema[] {
    const all = nodes
      .flatMap((node) => this.#index.alternatives(node))
      .filter((schema) => schema["x-since"] !== "later");
    const kinds = all.filter((schema) => schema["x-kind"] !== undefined && keys.includes(schema["x-kind"]));
    return kinds.length > 0 ? kinds : all;
  }

  #below(schema: SchemaObject, segment: string | number): readonly SchemaObject[] {
    if (typeof segment === "number") return schema.items === undefined ? [] : [this.#index.resolve(schema.items)];
    const own = schema.properties?.[segment];
    if (own !== undefined) return [this.#index.resolve(own)];
    const more = schema.additionalProperties;
    return more === undefined || more === false ? [] : [this.#index.resolve(more)];
  }
}

function unique(schemas: readonly DescribedSchema[]): readonly DescribedSchema[] {
  return [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
}
