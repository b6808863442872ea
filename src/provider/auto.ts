import type { AutoChoice } from "../plan/auto-model.ts";
import type { Engine, EngineModel } from "./auto/engine.ts";

/** What there is to choose from. */
export interface Found {
  readonly anthropicKey: boolean;
  readonly openaiKey: boolean;
  /** The endpoint of OPENAI_BASE_URL where that is not OpenAI's; null = OpenAI's, or one that did not answer. */
  readonly openaiEngine: Engine | null;
  /** OPENAI_BASE_URL leads elsewhere, so OpenAI's own models are not to be asked. */
  readonly isOpenaiElsewhere: boolean;
  /** Engines on this machine, in order of preference. */
  readonly local: readonly Engine[];
}

/** The usual, the cheap and the strong model of the providers whose models we know. Looked at on 2026-11-22. */
const known = {
  anthropic: { default: "claude-sonnet-5-5", fast: "claude-haiku-5-5", strong: "claude-opus-5-5" },
  openai: { default: "gpt-6.1-terra", fast: "gpt-6-luna", strong: "gpt-6.1-sol" },
} as const;

/** What `auto` is: keys first, in their order, then engines on this machine; null when there is nothing. */
export function chooseAuto(found: Found): AutoChoice | null {
  if (found.anthropicKey) {
    return { because: "ANTHROPIC_API_KEY is set", provider: "anthropic", baseUrl: null, models: known.anthropic };
  }
  if (found.openaiKey && !found.isOpenaiElsewhere) {
    return { because: "OPENAI_API_KEY is set", provider: "openai", baseUrl: null, models: known.openai };
  }
  const elsewhere = found.openaiKey && found.openaiEngine !== null ? tiersOf(found.openaiEngine) : null;
  if (elsewhere !== null) {
    // The address stays in the environment: it may hold a password.
    const because = "OPENAI_API_KEY and OPENAI_BASE_URL are set";
    return { because, provider: "openai", baseUrl: null, models: elsewhere };
  }
  for (const engine of found.local) {
    const models = tiersOf(engine);
    if (models === null) continue;
    const { name, provider, baseUrl } = engine;
    return { because: `${name} answers at ${baseUrl}`, provider, baseUrl, models };
  }
  return null;
}

/** The first, the smallest and the largest model of an engine, the first where it tells no sizes; null = none. */
function tiersOf({ models }: Engine): AutoChoice["models"] | null {
  const [first] = models;
  if (first === undefined) return null;
  const bySize = models.filter(({ bytes }) => bytes !== null).toSorted((a, b) => Number(a.bytes) - Number(b.bytes));
  const idOf = (model: EngineModel | undefined): string => (model ?? first).id;
  return { default: first.id, fast: idOf(bySize[0]), strong: idOf(bySize.at(-1)) };
}
