import { createRequire } from "node:module";
import type { ErrorObject, ValidateFunction } from "ajv/dist/2020.js";
import { compilePattern } from "./pattern.ts";
import { isJsonObject, type Json, type JsonSchema } from "./json.ts";

/** Checks values against JSON Schemas (2020-12, with formats). */
export interface SchemaCheck {
  /** What is wrong with the value, a sentence each, at most 20; empty when it fits. */
  (schema: JsonSchema, value: Json): readonly string[];
}

const MOST_PROBLEMS = 20;

/**
 * A checker that compiles each schema object once. Throws ajv's Error for a schema that is none (validated before).
 * The libraries are loaded by the first check: most commands need none. `pattern` is matched by RE2, in linear time.
 */
export function createSchemaCheck(): SchemaCheck {
  let ajv: ReturnType<typeof createAjv> | null = null;
  const compiled = new WeakMap<object, ValidateFunction>();
  return (schema, value) => {
    if (!isJsonObject(schema)) return schema ? [] : ["no value is allowed here"];
    let validate = compiled.get(schema);
    if (validate === undefined) {
      ajv ??= createAjv();
      validate = ajv.compile(schema);
      compiled.set(schema, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).slice(0, MOST_PROBLEMS).map(sentence);
  };
}

// ajv and its formats are CommonJS: they can be loaded when they are needed, without a promise.
const require = createRequire(import.meta.url);

function createAjv() {
  const { Ajv2020 } = require("ajv/dist/2020.js") as typeof import("ajv/dist/2020.js");
  const { default: addFormats } = require("ajv-formats") as { default: typeof import("ajv-formats").default };
  const matcher = (source: string) => {
    const pattern = compilePattern(source);
    if (!pattern.ok) throw new Error(`pattern ${JSON.stringify(source)}: ${pattern.error}`);
    return pattern.value;
  };
  const ajv = new Ajv2020({
    allErrors: true,
    strict: false,
    code: { regExp: Object.assign(matcher, { code: "re2" }) },
  });
  addFormats(ajv);
  return ajv;
}

/** `/themes/0 must be string`; the root is called `the value`. */
function sentence({ instancePath, message, params }: ErrorObject): string {
  const where = instancePath === "" ? "the value" : instancePath;
  const allowed = "allowedValues" in params ? `: ${JSON.stringify(params["allowedValues"])}` : "";
  const extra = "additionalProperty" in params ? ` ('${String(params["additionalProperty"])}')` : "";
  return `${where} ${message ?? "is not valid"}${allowed}${extra}`;
}
