import type { Resources } from "../../expression/evaluate.ts";
import { plainPath } from "../../plan/file-pattern.ts";
import type { Artifact } from "../../run/artifact.ts";
import { sha256 } from "../../util/digest.ts";
import type { Json } from "../../util/json.ts";
import { ok, type Result } from "../../util/result.ts";

export interface FileSources {
  /** A file of the workspace. */
  readonly file: (path: string) => Result<string, string>;
  /** Artifacts of steps before, by path. */
  readonly artifacts: ReadonlyMap<string, Artifact>;
  /** A file that is not there would have been written. */
  readonly isMadeUp: boolean;
  /** The text of one of them. */
  readonly text: (artifact: Artifact) => Result<string, string>;
}

/** Reads files for the texts of one unit, each once, and remembers what it read: that belongs to what the unit was asked. */
export class FilesRead implements Resources {
  readonly #o: FileSources;
  /** By name, with the digest of each; null = none was read, as of most units. */
  #read: Map<string, { readonly text: Result<string, string>; readonly digest: Json }> | null = null;

  constructor(sources: FileSources) {
    this.#o = sources;
  }

  file(path: string): Result<string, string> {
    return this.#once(`file ${path}`, () => this.#o.file(path), null);
  }

  artifact(path: string): Result<string, string> {
    const artifact = this.#o.artifacts.get(plainPath(path));
    return artifact === undefined
      ? this.#once(`artifact ${path}`, () => this.#fileOrMadeUp(path), null)
      : this.#once(`artifact ${path}`, () => this.#o.text(artifact), artifact.sha256);
  }

  #fileOrMadeUp(path: string): Result<string, string> {
    const text = this.#o.file(path);
    return text.ok || !this.#o.isMadeUp ? text : ok(`[simulated:${path}]`);
  }

  /** Path and content of each file, for the fingerprint. */
  digests(): (readonly [name: string, value: Json])[] {
    return this.#read === null ? [] : [...this.#read].map(([name, { digest }]) => [name, digest]);
  }

  /** `digest` null = that of the text. */
  #once(name: string, read: () => Result<string, string>, digest: string | null): Result<string, string> {
    const known = this.#read?.get(name);
    if (known !== undefined) return known.text;
    const text = read();
    this.#read ??= new Map();
    this.#read.set(name, { text, digest: digest ?? (text.ok ? sha256(text.value) : null) });
    return text;
  }
}
