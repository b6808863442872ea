import type { Resources } from "../../expression/evaluate.ts";
import { sha256 } from "../../util/digest.ts";
import type { Json } from "../../util/json.ts";
import type { Result } from "../../util/result.ts";

/** Reads files for the texts of one unit, each once, and remembers what it read: that belongs to what the unit was asked. */
export class FilesRead implements Resources {
  readonly #read: (path: string) => Result<string, string>;
  readonly #texts = new Map<string, Result<string, string>>();

  constructor(read: (path: string) => Result<string, string>) {
    this.#read = read;
  }

  file(path: string): Result<string, string> {
    const text = this.#texts.get(path) ?? this.#read(path);
    this.#texts.set(path, text);
    return text;
  }

  /** Path and content of each file, for the fingerprint. */
  digests(): (readonly [name: string, value: Json])[] {
    return [...this.#texts].map(([path, text]) => [`file ${path}`, text.ok ? sha256(text.value) : null] as const);
  }
}
