/** USD per million tokens. */
export interface Rates {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/** What a model costs. */
export interface Price extends Rates {
  /** Other rates for a call whose prompt (cached or not) is longer than so many tokens; null = none. */
  readonly longPrompt: (Rates & { readonly aboveTokens: number }) | null;
}
