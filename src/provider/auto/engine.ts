import { isJsonObject, readJson, type Json } from "../../util/json.ts";

/** Somebody who serves models, and what it has. */
export interface Engine {
  /** For people. */
  readonly name: string;
  readonly provider: "ollama" | "openai";
  readonly baseUrl: string;
  /** The one used last first, where the engine says so; without those that only embed. */
  readonly models: readonly EngineModel[];
}

export interface EngineModel {
  readonly id: string;
  /** What it takes on the disk; null = not said. */
  readonly bytes: number | null;
}

export interface LookOptions {
  /** Sends the requests. */
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
  /** null = none. */
  readonly apiKey: string | null;
}

/** Asks Ollama for its models; null when nobody answers in time, or not as Ollama does. */
export async function lookForOllama(address: string, options: LookOptions): Promise<Engine | null> {
  const answer = await get(`${address}/api/tags`, options);
  const list = isJsonObject(answer) ? answer["models"] : undefined;
  if (!Array.isArray(list)) return null;
  const models = list.flatMap((entry: Json): EngineModel[] => {
    if (!isJsonObject(entry) || typeof entry["name"] !== "string") return [];
    const { name, size, details } = entry;
    const family = isJsonObject(details) ? details["family"] : null;
    if (embeds(name) || (typeof family === "string" && family.endsWith("bert"))) return [];
    return [{ id: name, bytes: typeof size === "number" ? size : null }];
  });
  return { name: "Ollama", provider: "ollama", baseUrl: address, models };
}

/** Asks an OpenAI-compatible endpoint (`.../v1`) for its models; null as for Ollama. */
export async function lookForOpenai(name: string, baseUrl: string, options: LookOptions): Promise<Engine | null> {
  const answer = await get(`${baseUrl.replace(/\/+$/, "")}/models`, options);
  const list = isJsonObject(answer) ? answer["data"] : undefined;
  if (!isJsonObject(answer) || answer["object"] !== "list" || !Array.isArray(list)) return null;
  const models = list.flatMap((entry: Json): EngineModel[] =>
    isJsonObject(entry) && typeof entry["id"] === "string" && !embeds(entry["id"])
      ? [{ id: entry["id"], bytes: null }]
      : [],
  );
  return { name, provider: "openai", baseUrl, models };
}

async function get(url: string, { fetch, timeoutMs, apiKey }: LookOptions): Promise<Json> {
  try {
    const headers = apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) });
    const body = response.ok ? readJson(await response.text()) : null;
    return body?.ok === true ? body.value : null;
  } catch {
    // Nobody there, too slow, or not HTTP: all the same here.
    return null;
  }
}

/** A model that makes vectors, not texts. */
function embeds(id: string): boolean {
  return /embed|rerank/i.test(id);
}
