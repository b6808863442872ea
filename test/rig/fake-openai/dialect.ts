/** What a fake endpoint takes and gives: OpenAI itself, or a server of one's own that is only like it. */
export interface FakeDialect {
  /** A request without a key is refused. */
  readonly needsKey: boolean;
  /** Fields and models that it does not know are refused. */
  readonly isStrict: boolean;
  readonly responseFormat: boolean;
  readonly streamOptions: boolean;
  /** It says what a reply used. */
  readonly usage: boolean;
}

/** api.openai.com, 2026-11. */
export const openai: FakeDialect = {
  needsKey: true,
  isStrict: true,
  responseFormat: true,
  streamOptions: true,
  usage: true,
};

/** A plain server such as people run themselves: no key, no structured output, no word about usage. */
export const plain: FakeDialect = {
  needsKey: false,
  isStrict: false,
  responseFormat: false,
  streamOptions: false,
  usage: false,
};

/** Ollama: no key, structured output of any schema, usage; a model must have been pulled. */
export const ollama: FakeDialect = {
  needsKey: false,
  isStrict: false,
  responseFormat: true,
  streamOptions: true,
  usage: true,
};
