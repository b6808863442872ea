import { err, ok, type Result } from "./result.ts";

/** A JSON value: what flows between steps, into models and out of a run. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object with any keys. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** A JSON Schema (draft 2020-12) as plain data. */
export type JsonSchema = boolean | JsonObject;

/** True for a JSON object: neither null nor a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value where a text is wanted: a string as it is, null as nothing, anything else as JSON. */
export function asText(value: Json): string {
  if (typeof value === "string") return value;
  return value === null ? "" : JSON.stringify(value);
}

/** A value inside a sentence: a text as it is, nothing for no value, all else as JSON. */
export function jsonText(value: Json | undefined): string {
  return value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
}

/** How deep lists and objects from outside may nest: beyond all real data, and within reach of every walk over a value. */
export const DEEPEST_JSON = 200;

/** Reads JSON text that comes from outside. The error is a clause: why it is no JSON, or that it nests too deep. */
export function readJson(text: string): Result<Json, string> {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    return err((error as Error).message);
  }
  return nestsDeeper(text, DEEPEST_JSON) ? err(`it nests deeper than ${DEEPEST_JSON} levels`) : ok(value);
}

/** Looks at the text, which must be valid: a walk over the value would need the stack that is in danger. */
function nestsDeeper(text: string, limit: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charCodeAt(i);
    if (isInString) {
      if (char === BACKSLASH) i += 1;
      else if (char === QUOTE) isInString = false;
    } else if (char === QUOTE) isInString = true;
    else if (char === OPEN_LIST || char === OPEN_OBJECT) {
      depth += 1;
      if (depth > limit) return true;
    } else if (char === CLOSE_LIST || char === CLOSE_OBJECT) depth -= 1;
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
