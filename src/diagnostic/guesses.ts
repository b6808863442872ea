import { suggest } from "./suggest.ts";

/** So many names are compared in all; a file with more mistakes gets no more guesses. */
const MOST_COMPARISONS = 200_000;

/** What mistyped words of one file most likely meant, within a bound: a file of mistakes is answered as fast as others. */
export class Guesses {
  /** By the list of names, then by the word: mistakes come again. */
  readonly #known = new Map<readonly string[], Map<string, string | null>>();
  #comparisons = 0;

  /** As `suggest`; null too where the bound is reached. Equal lists of names are best the same object. */
  suggest(word: string, names: readonly string[]): string | null {
    const before = this.#known.get(names)?.get(word);
    if (before !== undefined) return before;
    this.#comparisons += names.length;
    if (this.#comparisons > MOST_COMPARISONS) return null;
    const meant = suggest(word, names);
    const known = this.#known.get(names);
    if (known === undefined) this.#known.set(names, new Map([[word, meant]]));
    else known.set(word, meant);
    return meant;
  }
}
