import { isJsonObject, type JsonObject } from "../util/json.ts";
import type { ProblemList } from "./problem-list.ts";

/** Keys of an agent that say something to a model, and nothing to a program that answers in its place. */
const forModels = ["model", "max_tokens", "tools", "permissions", "sandbox", "resources", "max_turns"];

/** Reports keys of agents that do not go together with a program that answers, or need one. */
export function checkDrivers(agents: JsonObject, problems: ProblemList): void {
  for (const [name, agent] of Object.entries(agents)) {
    if (!isJsonObject(agent)) continue;
    const not = (key: string, message: string, help: string): void =>
      problems.add("WF2015", ["agents", name, key], message, { part: "key", help });
    if (agent["command"] === undefined) {
      if (agent["env"] === undefined) continue;
      not("env", "'env' has no meaning for an agent without a program", "take it out, or write `command`");
      continue;
    }
    for (const key of forModels.filter((each) => agent[each] !== undefined))
      not(key, `'${key}' has no meaning beside 'command': the program answers, not a model`, "take one of them out");
  }
}
