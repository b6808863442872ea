/** Variables with keys of providers: never handed to `run` steps, unless a step asks for them by `env` and `secrets`. */
export const providerKeys = [
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_AUTH_TOKEN",
  "OPENAI_API_KEY",
  "OPENAI_ADMIN_KEY",
  "MUSTER_SEARCH_KEY",
] as const;
