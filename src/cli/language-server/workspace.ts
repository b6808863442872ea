import { existsSync, readFileSync, realpathSync } from "node:fs";
import { isAbsolute } from "node:path";
import { createSourceReader } from "../../compose/source-reader.ts";
import type { Diagnostic } from "../../diagnostic/diagnostic.ts";
import { analyse, type Analysis } from "../../editor/analysis.ts";
import { decodeSource } from "../../manifest/decode.ts";
import type { Environment } from "../../compose/environment.ts";
import { isManifest } from "../../manifest/is-manifest.ts";
import type { PolicyCheck } from "../project-policy.ts";

/** A manifest as it was last compiled. */
interface Checked {
  readonly analysis: Analysis;
  /** Absolute paths of all files that were read for it, itself among them. */
  readonly read: ReadonlySet<string>;
  /** Its problems, and those of what it uses: by absolute path. */
  readonly problems: ReadonlyMap<string, readonly Diagnostic[]>;
}

/** The manifests of an editor: those that are open, as they are being written, and the others as they lie on the disk. */
export class Workspace {
  readonly #env: Environment;
  /** Texts of open files, by real path. */
  readonly #edited = new Map<string, string>();
  readonly #checked = new Map<string, Checked>();
  /** For names while a text is broken: of each file the newest analysis from which nothing had to be left out. */
  readonly #readable = new Map<string, { readonly analysis: Analysis; readonly isWhole: boolean }>();
  policy: PolicyCheck | null = null;

  constructor(env: Environment) {
    this.#env = env;
  }

  /** A file was opened or changed. Absolute path. */
  edit(path: string, text: string): void {
    this.#edited.set(realPath(path), text);
  }

  /** A file was closed: from now on it is what the disk has. */
  release(path: string): void {
    this.#edited.delete(realPath(path));
  }

  /** Compiles a manifest; null for a file that is none, or that cannot be read. Fetches nothing and writes nothing. */
  check(path: string): Analysis | null {
    const text = this.#textOf(path);
    if (text === null || !isManifest(text)) {
      this.#checked.delete(path);
      return null;
    }
    const read = new Set([realPath(path)]);
    const editedText = (real: string): string | undefined => {
      read.add(real);
      return this.#edited.get(real);
    };
    const analysis = analyse(
      { path, text },
      createSourceReader(path, path, { env: this.#env, isFrozen: true, editedText }),
    );
    const { plan, source, diagnostics } = analysis.compiled;
    const all = plan === null || this.policy === null ? [] : this.policy.diagnostics(source, plan);
    const problems = Map.groupBy([...diagnostics, ...all], ({ file }) => file);
    this.#checked.set(path, { analysis, read, problems });
    const isWhole = diagnostics.every(({ file, code }) => file !== path || !/^WF[12]/.test(code));
    if (analysis.checked !== null && (isWhole || this.#readable.get(path)?.isWhole !== true))
      this.#readable.set(path, { analysis, isWhole });
    return analysis;
  }

  /** The newest analysis that has all names of its text, else the newest that has some. */
  readable(path: string): Analysis | null {
    return this.#readable.get(path)?.analysis ?? null;
  }

  /** The manifests that were compiled from this file, itself among them. */
  readersOf(path: string): readonly string[] {
    const real = realPath(path);
    return [...this.#checked].filter(([, { read }]) => read.has(real)).map(([reader]) => reader);
  }

  /** All manifests that were compiled. */
  get files(): readonly string[] {
    return [...this.#checked.keys()];
  }

  /** What is known to be wrong, each problem once: by absolute path. Files of other repositories are not among them. */
  problems(): ReadonlyMap<string, readonly Diagnostic[]> {
    const found = new Map<string, Map<string, Diagnostic>>();
    for (const { problems } of this.#checked.values()) {
      for (const [file, diagnostics] of problems) {
        if (!isAbsolute(file)) continue;
        const told = found.get(file) ?? new Map<string, Diagnostic>();
        for (const each of diagnostics) told.set(JSON.stringify([each.span, each.code, each.message]), each);
        found.set(file, told);
      }
    }
    return new Map([...found].map(([file, told]) => [file, [...told.values()]]));
  }

  #textOf(path: string): string | null {
    const edited = this.#edited.get(realPath(path));
    if (edited !== undefined) return edited;
    try {
      const source = decodeSource(path, readFileSync(path));
      return source.ok ? source.value.text : null;
    } catch {
      // It was deleted, or may not be read: then nothing is said of it.
      return null;
    }
  }
}

function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}
