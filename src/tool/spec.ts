import { toolTable, type ToolName } from "../plan/tool-table.ts";
import { asText, type JsonObject } from "../util/json.ts";
import type { Tool, ToolContext, ToolOutcome } from "./tool.ts";

/** The arguments of a call, which fit the schema of the tool. */
export interface Arguments {
  text(name: string, otherwise?: string): string;
  flag(name: string): boolean;
  readonly all: JsonObject;
}

/** A tool by its arguments and what it does with them. */
export function toolOf(
  name: ToolName,
  description: string,
  properties: JsonObject,
  required: readonly string[],
  does: (input: Arguments, context: ToolContext, at: string) => Promise<ToolOutcome>,
): Tool {
  return {
    name,
    effect: toolTable[name].effect,
    spec: {
      name,
      description,
      inputSchema: { type: "object", properties, required: [...required], additionalProperties: false },
    },
    run: (input, context, at) => does(argumentsOf(input), context, at),
  };
}

/** The arguments of a call by their names. */
export function argumentsOf(input: JsonObject): Arguments {
  return {
    text: (name, otherwise = "") => (Object.hasOwn(input, name) ? asText(input[name] ?? null) : otherwise),
    flag: (name) => input[name] === true,
    all: input,
  };
}
