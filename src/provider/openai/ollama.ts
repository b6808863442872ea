import type { Clock } from "../../util/clock.ts";
import { createOpenaiProvider, type Preset } from "../openai.ts";
import type { Provider } from "../provider.ts";

export interface OllamaOptions {
  /** Where Ollama listens, without `/v1`. */
  readonly address: string;
  /** For a proxy in front of it; null = none. */
  readonly apiKey: string | null;
  readonly clock?: Clock;
}

const preset: Preset = {
  name: "ollama",
  addressFrom: "OLLAMA_HOST or `base_url`",
  keyFrom: "`api_key` of the model",
  unreachableHelp: "start it with `ollama serve`, or check OLLAMA_HOST or `base_url`",
  unknownModelHelp: (model) => `ollama pull ${model}`,
};

/** Ollama, by the OpenAI-compatible endpoint that it has under `/v1`. */
export function createOllamaProvider({ address, ...options }: OllamaOptions): Provider {
  const baseUrl = /\/v1\/?$/.test(address) ? address : `${address.replace(/\/+$/, "")}/v1`;
  return createOpenaiProvider({ ...options, baseUrl, preset });
}
