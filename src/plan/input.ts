import { suggest } from "../diagnostic/suggest.ts";
import { isJsonObject, readJson, type Json, type JsonObject, type JsonSchema } from "../util/json.ts";
import { err, ok, type Result } from "../util/result.ts";
import type { SchemaCheck } from "../util/schema-check.ts";
import type { Plan } from "./types.ts";

/**
 * The inputs of a run: what was given, over the defaults, checked against their schemas. The error lists every
 * problem as a sentence: unknown names, missing ones, values that do not fit.
 */
export function resolveInputs(
  plan: Pick<Plan, "inputs">,
  given: JsonObject,
  check: SchemaCheck,
): Result<JsonObject, readonly string[]> {
  const problems: string[] = [];
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(plan.inputs, name)) continue;
    const near = suggest(name, Object.keys(plan.inputs));
    problems.push(`the workflow has no input '${name}'${near === null ? "" : `; did you mean '${near}'?`}`);
  }
  const inputs: { [name: string]: Json } = {};
  for (const [name, input] of Object.entries(plan.inputs)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined && input.required)
      problems.push(`input '${name}' is required: give it with --input ${name}=VALUE`);
    inputs[name] = value === undefined ? input.default : value;
    if (value !== undefined)
      problems.push(...check(input.schema, value).map((problem) => `input '${name}': ${problem}`));
  }
  return problems.length === 0 ? ok(inputs) : err(problems);
}

/** The value of `--input name=TEXT`, see `parseValue`. */
export function parseInput(plan: Plan, name: string, text: string): Json {
  return parseValue(Object.hasOwn(plan.inputs, name) ? plan.inputs[name]?.schema : undefined, text);
}

/** A value that a person typed: the text itself where the schema wants a string, else JSON, else the text. */
export function parseValue(schema: JsonSchema | undefined, text: string): Json {
  if (isJsonObject(schema) && schema["type"] === "string") return text;
  const value = readJson(text);
  return value.ok ? value.value : text;
}
