import { localEngines } from "../../compose/auto.ts";
import type { Terminal } from "../terminal.ts";
import { ok, warn, type Finding } from "./finding.ts";

/** Keys are looked for, never shown. */
const KEYS = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"] as const;

/** Who can answer: keys that are set, and engines on this machine, each asked for 300 ms. */
export async function checkModels({ env }: Terminal): Promise<readonly Finding[]> {
  const keys = KEYS.filter((name) => (env[name] ?? "") !== "");
  const engines = await localEngines(env);
  const findings = [
    ...keys.map((name) => ok("key", `${name} is set${hostText(env, name)}`)),
    ...engines.map(({ name, baseUrl, models }) => {
      const count = `${models.length} model${models.length === 1 ? "" : "s"}`;
      return models.length > 0
        ? ok("engine", `${name} at ${baseUrl}, ${count}`)
        : warn("engine", `${name} at ${baseUrl} has no model`, "load one into it, e.g. ollama pull MODEL");
    }),
  ];
  if (keys.length > 0 || engines.some(({ models }) => models.length > 0)) return findings;
  const help =
    "export ANTHROPIC_API_KEY or OPENAI_API_KEY, or start a local engine (ollama serve); --replay FILE needs neither";
  return [
    ...findings,
    warn("models", "there is no key in the environment, and no engine on this machine has a model", help),
  ];
}

/** Where the key is sent, when that is not its own provider; without what an address may hold of passwords. */
function hostText(env: Terminal["env"], key: (typeof KEYS)[number]): string {
  const url = env[key.replace("API_KEY", "BASE_URL")] ?? "";
  return URL.canParse(url) ? `, for ${new URL(url).host}` : "";
}
