import type { Effect } from "./effect.ts";
import { toolTable } from "./tool-table.ts";
import type { PlannedTools } from "./types.ts";

type Tools = Pick<PlannedTools, "names" | "servers">;

/** The worst that a call of any of these tools may do when it is done twice. */
export function effectOfTools(all: readonly Tools[]): Effect {
  const effects = all.flatMap(({ names, servers = [] }): Effect[] => [
    ...names.map((name) => toolTable[name].effect),
    ...servers.flatMap(({ tools }) => tools.map(({ effect }) => effect)),
  ]);
  return effects.includes("unsafe") ? "unsafe" : effects.includes("idempotent") ? "idempotent" : "none";
}

/** Whether a call of any of them changes something itself: a message only has another agent work. */
export function changeSomething(all: readonly Tools[]): boolean {
  return (
    effectOfTools(all.map((tools) => ({ ...tools, names: tools.names.filter((name) => name !== "send_message") }))) !==
    "none"
  );
}

/** Whether any of them brings in what anybody may have written: pages of the web, and whatever an MCP server says. */
export function bringFromOutside(all: readonly Tools[]): boolean {
  return all.some(
    ({ names, servers = [] }) =>
      servers.length > 0 || names.some((name) => name.startsWith("web_") || name === "send_message"),
  );
}

/** Whether any of them works on files: of an MCP server that is a program nobody here knows. */
export function workOnFiles({ names, servers = [] }: Tools): boolean {
  const touches = names.some((name) => ["files", "shell"].includes(toolTable[name].needs));
  return touches || servers.some(({ kind }) => kind === "stdio");
}
