/** The prefixes of model ids that a plan may hold, `PROVIDER/MODEL`. */
export const providerNames = ["anthropic", "openai", "ollama"] as const;

export type ProviderName = (typeof providerNames)[number];

/** What stands for a model until a run finds one: the best fit, a cheap one, a strong one. */
export const autoNames = ["auto", "auto/fast", "auto/strong"] as const;

/** The provider of models that are still to be found. */
export const AUTO_PROVIDER = "auto";
