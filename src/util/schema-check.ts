import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import addFormatsModule from "ajv-formats";
import { isJsonObject, type Json, type JsonSchema } from "./json.ts";

/** Checks values against JSON Schemas (2020-12, with formats). */
export interface SchemaCheck {
  /** What is wrong with the value, a sentence each, at most 20; empty when it fits. */
  (schema: JsonSchema, value: Json): readonly string[];
}

const MOST_PROBLEMS = 20;

// The package is CommonJS: under Node its default export is the module itself.
const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default;

/** A checker that compiles each schema object once. Throws ajv's Error for a schema that is none (validated before). */
export function createSchemaCheck(): SchemaCheck {
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: true });
  addFormats(ajv);
  const compiled = new WeakMap<object, ValidateFunction>();
  return (schema, value) => {
    if (!isJsonObject(schema)) return schema ? [] : ["no value is allowed here"];
    let validate = compiled.get(schema);
    if (validate === undefined) {
      validate = ajv.compile(schema);
      compiled.set(schema, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).slice(0, MOST_PROBLEMS).map(sentence);
  };
}

/** `/themes/0 must be string`; the root is called `the value`. */
function sentence({ instancePath, message, params }: ErrorObject): string {
  const where = instancePath === "" ? "the value" : instancePath;
  const allowed = "allowedValues" in params ? `: ${JSON.stringify(params["allowedValues"])}` : "";
  const extra = "additionalProperty" in params ? ` ('${String(params["additionalProperty"])}')` : "";
  return `${where} ${message ?? "is not valid"}${allowed}${extra}`;
}
