// Writes what src/manifest/ needs from schemas/workflow.v1.json: TypeScript types of the keywords that this version
// has, and the schema without its texts for the validator. `--check` writes nothing and exits 1 on a difference.
import { readFileSync, writeFileSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const root = new URL("../", import.meta.url);
const schema = JSON.parse(readFileSync(new URL("schemas/workflow.v1.json", root), "utf8"));

const notice =
  "// Generated from schemas/workflow.v1.json by scripts/generate-types.mjs: change the schema, not this file.\n";

const resolve = (node) => (node.$ref ? schema.$defs[node.$ref.slice("#/$defs/".length)] : node);
const isLater = (node) => node["x-since"] === "later" || resolve(node)["x-since"] === "later";

/** Applies `change` to each schema below `node`, outside in; `undefined` drops it. Data (`enum`, `const`) is left alone. */
function mapSchemas(node, change) {
  const changed = change(node);
  if (changed === undefined || typeof changed !== "object") return changed;
  const result = {};
  for (const [key, value] of Object.entries(changed)) {
    if (key === "properties" || key === "patternProperties" || key === "$defs") {
      const entries = Object.entries(value).map(([name, child]) => [name, mapSchemas(child, change)]);
      result[key] = Object.fromEntries(entries.filter(([, child]) => child !== undefined));
    } else if (key === "items" || key === "additionalProperties" || key === "propertyNames") {
      result[key] = mapSchemas(value, change);
    } else if (key === "anyOf") {
      result[key] = value.map((child) => mapSchemas(child, change)).filter((child) => child !== undefined);
    } else {
      result[key] = value;
    }
  }
  return result;
}

/** The validator's schema: no texts, and nothing inside a keyword that is not in this version yet. */
function validatorSchema() {
  const lean = mapSchemas(schema, (node) => {
    if (typeof node !== "object") return node;
    const rest = without(node, ["description", "examples", "title", "$schema", "$id"]);
    if (!isLater(node)) return rest;
    const { "x-kind": kind, properties } = resolve(node);
    // A later kind of step is told by its key, and its other keys are known words.
    if (kind) return { "x-since": "later", "x-kind": kind, properties: namesOf(properties) };
    return { "x-since": "later" };
  });
  return `${notice}import type { SchemaNode } from "../schema-node.ts";\n\nexport const manifestSchema: SchemaNode = ${JSON.stringify(dropUnused(lean), null, 1)};\n`;
}

const without = (node, keys) => Object.fromEntries(Object.entries(node).filter(([key]) => !keys.includes(key)));

const namesOf = (properties) => Object.fromEntries(Object.keys(properties).map((name) => [name, {}]));

/** Without the definitions that nothing points at. */
function dropUnused(lean) {
  const used = new Set();
  const visit = (node) => {
    for (const name of JSON.stringify(node).matchAll(/"#\/\$defs\/([A-Za-z]+)"/g)) {
      if (used.has(name[1])) continue;
      used.add(name[1]);
      visit(lean.$defs[name[1]]);
    }
  };
  visit({ ...lean, $defs: undefined });
  return { ...lean, $defs: Object.fromEntries(Object.entries(lean.$defs).filter(([name]) => used.has(name))) };
}

async function types() {
  const built = mapSchemas(schema, (node) => {
    if (typeof node !== "object") return node;
    if (isLater(node)) return undefined;
    const rest = without(node, ["examples", "patternProperties", "propertyNames", "minItems", "pattern", "$id"]);
    if (node["x-any"]) return { ...(rest.description && { description: rest.description }), tsType: "Json" };
    // A reference with a description of its own would become a second interface.
    if (rest.$ref) return { $ref: rest.$ref };
    // Either of `steps` and `variants`: which one is there is looked at where they are written out.
    if (node === schema) return { ...without(rest, ["anyOf"]), title: "Manifest" };
    return rest;
  });
  built.$defs.jsonSchema = { description: schema.$defs.jsonSchema.description, tsType: "JsonSchema" };
  built.$defs.jsonSchemaObject = { description: schema.$defs.jsonSchemaObject.description, tsType: "JsonObject" };
  built.$defs.output = { description: schema.$defs.output.description, tsType: "JsonObject" };
  built.$defs.input = { description: schema.$defs.input.description, tsType: "JsonObject" };
  const text = await compile(JSON.parse(JSON.stringify(dropUnused(built))), "Manifest", {
    bannerComment: `${notice}import type { Json, JsonObject } from "../../util/json.ts";\n`,
    format: true,
    style: { printWidth: 120, bracketSpacing: true },
  });
  return text;
}

const folder = new URL("src/manifest/generated/", root);
const files = [
  ["types.ts", await types()],
  ["schema.ts", validatorSchema()],
];
const check = process.argv.includes("--check");
if (!check) mkdirSync(folder, { recursive: true });
let stale = 0;
for (const [name, text] of files) {
  const file = new URL(name, folder);
  if (!check) writeFileSync(file, text);
  else if (text !== read(file)) {
    console.error(`${fileURLToPath(file)} is not what the schema says; run: node scripts/generate-types.mjs`);
    stale = 1;
  }
}
process.exitCode = stale;

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
