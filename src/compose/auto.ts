import type { AutoChoice } from "../plan/auto-model.ts";
import { chooseAuto, type Found } from "../provider/auto.ts";
import { lookForOllama, lookForOpenai, type Engine } from "../provider/auto/engine.ts";
import { createNodeFetch } from "../provider/http/node-fetch.ts";
import { isOpenai } from "../provider/openai/dialect.ts";
import { ollamaAddress } from "../provider/openai/ollama-host.ts";
import { err, ok, type Result } from "../util/result.ts";
import type { Environment } from "./environment.ts";

/** How long an engine on this machine may take to say what it has (COMMANDS.md, "Providers"). */
const LOCAL_TIMEOUT_MS = 300;
/** The same for an endpoint that the user named. */
const REMOTE_TIMEOUT_MS = 5000;

/** Where engines listen unless they are told otherwise. */
const usualEngines = [
  { name: "LM Studio", baseUrl: "http://127.0.0.1:1234/v1" },
  { name: "vLLM", baseUrl: "http://127.0.0.1:8000/v1" },
  { name: "llama.cpp", baseUrl: "http://127.0.0.1:8080/v1" },
] as const;

/** Looks for what `auto` can be; the error is what to do when there is nothing. Asks nobody but those it names. */
export async function findAuto(env: Environment): Promise<Result<AutoChoice, string>> {
  const openaiUrl = env["OPENAI_BASE_URL"] || null;
  const isOpenaiElsewhere = openaiUrl !== null && URL.canParse(openaiUrl) && !isOpenai(new URL(openaiUrl).host);
  const keys = { anthropicKey: Boolean(env["ANTHROPIC_API_KEY"]), openaiKey: Boolean(env["OPENAI_API_KEY"]) };
  const known: Found = { ...keys, isOpenaiElsewhere, openaiEngine: null, local: [] };
  const byKey = chooseAuto(known);
  if (byKey !== null) return ok(byKey);
  const openaiEngine =
    keys.openaiKey && isOpenaiElsewhere
      ? await lookForOpenai("the endpoint of OPENAI_BASE_URL", openaiUrl, {
          fetch: createNodeFetch(),
          timeoutMs: REMOTE_TIMEOUT_MS,
          apiKey: env["OPENAI_API_KEY"] ?? null,
        })
      : null;
  const local = env["CI"] ? [] : await localEngines(env);
  const choice = chooseAuto({ ...known, openaiEngine, local });
  return choice === null ? err(nothingFound(local, Boolean(env["CI"]))) : ok(choice);
}

/** Engines that answer on this machine, with or without a model. */
export async function localEngines(env: Environment): Promise<readonly Engine[]> {
  const options = { fetch: createNodeFetch(), timeoutMs: LOCAL_TIMEOUT_MS, apiKey: null };
  const ollama = ollamaAddress(env["OLLAMA_HOST"]);
  const engines = await Promise.all([
    // What `auto` asks stays on this machine, wherever OLLAMA_HOST leads.
    isLoopback(ollama) ? lookForOllama(ollama, options) : null,
    ...usualEngines.map(({ name, baseUrl }) => lookForOpenai(name, baseUrl, options)),
  ]);
  return engines.filter((engine) => engine !== null);
}

function isLoopback(address: string): boolean {
  const { hostname } = new URL(address);
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

function nothingFound(local: readonly Engine[], isCi: boolean): string {
  const [empty] = local;
  const why = isCi
    ? "there is no key in the environment (and with CI set no engine on this machine is looked for)"
    : empty === undefined
      ? "there is no key in the environment, and no engine answers on this machine"
      : `there is no key in the environment, and ${empty.name} at ${empty.baseUrl} has no model yet`;
  return [
    `no model was found for \`auto\`: ${why}. Four ways on:`,
    "1. export ANTHROPIC_API_KEY=...",
    "2. export OPENAI_API_KEY=... (and OPENAI_BASE_URL for another endpoint of its kind)",
    "3. start a local engine: ollama serve, and ollama pull MODEL",
    "4. ask no model: --replay FILE answers from a recording, --simulate makes answers up",
  ].join("\n        ");
}
