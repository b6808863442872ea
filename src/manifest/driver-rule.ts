import { isJsonObject, type JsonObject } from "../util/json.ts";
import type { ProblemList } from "./problem-list.ts";

/** Keys of an agent that say something to a model, and nothing to a program that answers in its place. */
const forModels = ["model", "max_tokens", "tools", "mcp", "sandbox", "resources", "max_turns", "spawn"];

/** What a program cannot be given beside these: one that is only started asks for nothing. */
const meaningless: { readonly [driver: string]: readonly string[] } = {
  command: [...forModels, "permissions"],
  acp: forModels,
};

/** Reports keys of agents that do not go together with a program that answers, or need one. */
export function checkDrivers(agents: JsonObject, problems: ProblemList): void {
  for (const [name, agent] of Object.entries(agents)) {
    if (!isJsonObject(agent)) continue;
    const not = (key: string, message: string, help: string): void =>
      problems.add("WF2015", ["agents", name, key], message, { part: "key", help });
    const [driver, second] = Object.keys(meaningless).filter((key) => agent[key] !== undefined);
    if (driver === undefined) {
      if (agent["env"] === undefined) continue;
      not("env", "'env' has no meaning for an agent without a program", "take it out, or write `command` or `acp`");
      continue;
    }
    if (second !== undefined)
      not(second, `'${second}' beside '${driver}': one program answers`, "take one of them out");
    for (const key of meaningless[driver]?.filter((each) => agent[each] !== undefined) ?? [])
      not(key, `'${key}' has no meaning beside '${driver}': the program answers, not a model`, "take one of them out");
  }
}
