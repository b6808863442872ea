import { manifestSchema } from "../manifest/generated/schema.ts";
import type { Pointer } from "../manifest/pointer.ts";
import { SchemaIndex } from "../manifest/schema-index.ts";
import type { SchemaNode, SchemaObject } from "../manifest/schema-node.ts";
import { isJsonObject, type Json, type JsonObject } from "../util/json.ts";

/** A map of a manifest whose keys are words of the language. */
export interface KnownMap {
  readonly pointer: Pointer;
  /** What its keys may be; of several kinds of steps, all their keys. */
  readonly schema: SchemaObject;
  readonly keys: readonly string[];
}

/** Every map of a manifest whose keys are words of the language, outer ones first. Maps of names are none. */
export function knownMaps(data: Json): readonly KnownMap[] {
  const index = new SchemaIndex(manifestSchema);
  const maps: KnownMap[] = [];

  function visit(node: SchemaNode, value: Json, pointer: Pointer): void {
    const schema = index.resolve(node);
    if (schema["x-any"] === true) return;
    const fitting = index.fitting(schema, value);
    if (Array.isArray(value)) {
      const items = fitting[0]?.items;
      if (items !== undefined) value.forEach((entry, at) => visit(items, entry as Json, [...pointer, at]));
    } else if (isJsonObject(value)) {
      visitObject(
        fitting.map((alternative) => index.resolve(alternative)),
        value,
        pointer,
      );
    }
  }

  function visitObject(kinds: readonly SchemaObject[], object: JsonObject, pointer: Pointer): void {
    const chosen = kinds.find(({ "x-kind": key }) => key !== undefined && Object.hasOwn(object, key));
    const schema = chosen ?? (kinds.length === 1 ? kinds[0] : merged(kinds));
    if (schema === undefined) return;
    const place = schema["x-place"] ?? kinds[0]?.["x-place"];
    const known = place === undefined ? schema : { ...schema, "x-place": place };
    const hasWords = schema.properties !== undefined && typeof schema.additionalProperties !== "object";
    if (hasWords) maps.push({ pointer, schema: known, keys: Object.keys(object) });
    for (const [key, value] of Object.entries(object)) {
      const own = Object.hasOwn(schema.properties ?? {}, key) ? schema.properties?.[key] : undefined;
      const node = own ?? (typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined);
      if (node !== undefined) visit(node, value, [...pointer, key]);
    }
  }

  visit(manifestSchema, data, []);
  return maps;
}

function merged(kinds: readonly SchemaObject[]): SchemaObject | undefined {
  const [first] = kinds;
  if (first === undefined) return undefined;
  const place = first["x-place"];
  const properties = Object.assign({}, ...kinds.toReversed().map((kind) => kind.properties ?? {})) as NonNullable<
    SchemaObject["properties"]
  >;
  return { properties, additionalProperties: false, ...(place === undefined ? {} : { "x-place": place }) };
}
