import { refusalOf } from "../plan/permissions.ts";
import { isStateKey, LONGEST_KEY } from "../plan/state-key.ts";
import type { JsonObject } from "../util/json.ts";
import { bounded, denied, refused, type Tool, type ToolContext, type ToolOutcome } from "./tool.ts";
import { toolOf, type Arguments } from "./spec.ts";

/** The most keys of one list, and the longest value (characters of JSON), as of `state` steps. */
const MOST_KEYS = 1000;
const LONGEST_VALUE = 1024 * 1024;

/** Tools for the values of the project that outlive a run. */
export function createStateTools(): readonly Tool[] {
  const key = { type: "string", description: "Its name." };
  return [
    stateTool(
      "state_get",
      "Reads a value of the project's state as JSON; null = there is none.",
      { key },
      ["key"],
      get,
    ),
    stateTool(
      "state_set",
      "Writes a value of the project's state, over what is there.",
      { key, value: { description: "Any JSON value." } },
      ["key", "value"],
      set,
    ),
    stateTool(
      "state_list",
      "Lists keys of the project's state with their values, a line each.",
      { prefix: { type: "string", description: "What the keys begin with; all where it is left out." } },
      [],
      list,
    ),
  ];
}

function stateTool(
  name: "state_get" | "state_set" | "state_list",
  description: string,
  properties: JsonObject,
  required: readonly string[],
  does: (input: Arguments, context: ToolContext) => ToolOutcome | null,
): Tool {
  const mode = name === "state_set" ? "write" : "read";
  return toolOf(name, description, properties, required, async (input, context) => {
    const reason = refusalOf(context.grant, { kind: "state", mode });
    if (reason !== null) return denied(reason);
    return does(input, context) ?? refused("the run is over");
  });
}

function get(input: Arguments, { state, longestText }: ToolContext): ToolOutcome | null {
  const found = state.get(input.text("key"));
  return found === null ? null : { text: bounded(JSON.stringify(found.value), longestText) };
}

function set(input: Arguments, { state }: ToolContext): ToolOutcome | null {
  const key = input.text("key");
  if (!isStateKey(key)) return refused(`a key has 1 to ${LONGEST_KEY} printable letters`);
  const value = input.all["value"] ?? null;
  if (JSON.stringify(value).length > LONGEST_VALUE) return refused("the value is too large: keep large ones in files");
  const isDone = state.change({ kind: "set", key, value });
  return isDone === null ? null : isDone ? { text: "done" } : refused("it could not be written");
}

function list(input: Arguments, { state, longestText }: ToolContext): ToolOutcome | null {
  const entries = state.list(input.text("prefix"), MOST_KEYS + 1);
  if (entries === null) return null;
  if (entries.length === 0) return { text: "[there is none]" };
  const lines = entries.slice(0, MOST_KEYS).map(({ key, value }) => `${key} = ${JSON.stringify(value)}`);
  const more = entries.length > MOST_KEYS ? ["[there are more: list a longer prefix]"] : [];
  return { text: bounded([...lines, ...more].join("\n"), longestText, "list a longer prefix") };
}
