/** The prefixes of model ids that a plan may hold, `PROVIDER/MODEL`. */
export const providerNames = ["anthropic", "openai", "ollama"] as const;

export type ProviderName = (typeof providerNames)[number];

/** What stands for the provider of an agent that a program drives: its id is `command/AGENT` or `acp/AGENT`. */
export const driverNames = ["command", "acp"] as const;

/** The models of this provider are programs, each a whole agent: they have no price and nobody's key. */
export function isDriver(provider: string): boolean {
  return (driverNames as readonly string[]).includes(provider);
}

/** What stands for a model until a run finds one: the best fit, a cheap one, a strong one. */
export const autoNames = ["auto", "auto/fast", "auto/strong"] as const;

/** The provider of models that are still to be found. */
export const AUTO_PROVIDER = "auto";
