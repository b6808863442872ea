import type { SchemaObject } from "../manifest/schema-node.ts";

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** The order in which a reader meets things: what it is, what goes in, who does it, under which rules, what comes out. */
const manifest = words(`
  muster name version description inputs env secrets models agents sessions channels limits defaults permissions
  workspace artifacts events on steps finally outputs variants score roi
`);

/** When and how often, then what is done, then what comes of it, then what if it goes wrong. */
const step = words(`
  description needs if for_each matrix item_key max_items batch batch_api max_parallel fail_fast repeat
  agent session handoff task model run shell http sql state uses with secrets value approval send wait
  stdin env cwd workspace reads writes steps output outputs join cache idempotent timeout retry fallback on_error
  region simulate
`);

/**
 * The canonical order of the keys of an object of the language; where nothing else is said, that of the schema. null
 * for JSON Schemas, which have none.
 */
export function keyOrder(schema: SchemaObject): readonly string[] | null {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, "$ref")) return null;
  if (schema["x-place"] === "manifest") return manifest;
  if (schema["x-place"] === "step") return step;
  return Object.keys(schema.properties ?? {});
}
