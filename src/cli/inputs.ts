import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "yaml";
import { parseInput, resolveInputs } from "../plan/input.ts";
import type { Plan } from "../plan/types.ts";
import { isJsonObject, type Json, type JsonObject } from "../util/json.ts";
import { createSchemaCheck } from "../util/schema-check.ts";
import { UsageError } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";
import { unreadable } from "./workflow.ts";

export interface InputOptions {
  readonly input: readonly string[];
  readonly inputs?: string;
}

/** The inputs of the command line and of `--inputs`, complete and checked; UsageError with every problem. */
export function readInputs(plan: Plan, options: InputOptions, terminal: Terminal): JsonObject {
  const inputs = resolveInputs(plan, givenInputs(plan, options, terminal), createSchemaCheck());
  if (!inputs.ok) throw new UsageError(inputs.error.join("\n        "));
  return inputs.value;
}

/** The inputs as given, defaults not filled in. `--input` wins over `--inputs`. */
export function givenInputs(plan: Plan, options: InputOptions, terminal: Terminal): JsonObject {
  const given: { [name: string]: Json } =
    options.inputs === undefined ? {} : { ...inputFile(options.inputs, terminal) };
  for (const text of options.input) {
    const sign = text.indexOf("=");
    if (sign < 1) throw new UsageError(`--input ${text}: write it as --input NAME=VALUE`);
    const name = text.slice(0, sign);
    given[name] = parseInput(plan, name, text.slice(sign + 1));
  }
  return given;
}

function inputFile(path: string, terminal: Terminal): JsonObject {
  let text: string;
  try {
    text = readFileSync(resolve(terminal.cwd, path), "utf8");
  } catch (error) {
    throw unreadable(path, error);
  }
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    throw new UsageError(`--inputs ${path}: ${(error as Error).message}`);
  }
  if (!isJsonObject(data)) throw new UsageError(`--inputs ${path}: it must hold names with values`);
  return data;
}
