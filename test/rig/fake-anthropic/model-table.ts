/** What the fake knows of a model, as the documentation says (platform.claude.com, 2026-11). */
export interface FakeModel {
  readonly contextTokens: number;
  readonly maxOutputTokens: number;
  /** Takes sampling parameters (in API versions before 2026-10-21) and a prefilled reply. */
  readonly isClassic: boolean;
}

const current: FakeModel = { contextTokens: 1_000_000, maxOutputTokens: 128_000, isClassic: false };

/** Every other model is unknown: 404. */
export const models: ReadonlyMap<string, FakeModel> = new Map([
  ["claude-haiku-5-5", current],
  ["claude-sonnet-5-5", current],
  ["claude-opus-5-5", current],
  ["claude-fable-5-1", current],
  ["claude-haiku-4-5", { contextTokens: 200_000, maxOutputTokens: 64_000, isClassic: true }],
]);
