import { Partials } from "../expression/text/partial.ts";
import { err, ok, type Result } from "../util/result.ts";
import { pathBeside, type TextSource } from "./source-files.ts";

/** The folder of partials, beside the manifest. */
const FOLDER = "prompts";

/** How the file of a partial may end where its name does not say. */
const ENDINGS = ["", ".md", ".txt", ".hbs"];

/** What all files in the texts of one manifest may have together, in UTF-16 units: they are part of the plan. */
const LARGEST_TOTAL = 8 * 1024 * 1024;

/** The files that the texts of one manifest name: partials, and `file "path"`. Each is read once. */
export class TextFiles {
  readonly partials = new Partials((name) => this.#partial(name));
  readonly #manifest: string;
  readonly #files: TextSource;
  readonly #texts = new Map<string, Result<string, string>>();
  #total = 0;

  /** `manifest` is its path among these files. */
  constructor(manifest: string, files: TextSource) {
    this.#manifest = manifest;
    this.#files = files;
  }

  /** The text of a file by its path as a template names it. The error is a sentence without a full stop. */
  read(path: string): Result<string, string> {
    let text = this.#texts.get(path);
    if (text === undefined) this.#texts.set(path, (text = this.#textOf(path)));
    if (text.ok) this.#total += text.value.length;
    if (this.#total <= LARGEST_TOTAL) return text;
    return err(`the files in the texts of this manifest are longer than ${LARGEST_TOTAL} characters together`);
  }

  #textOf(path: string): Result<string, string> {
    const found = pathBeside(this.#manifest, path);
    if (!found.ok) return err(`the path '${path}' ${found.error}`);
    const file = this.#files.read(found.value);
    return file.ok ? ok(file.value.text) : err(`the file '${path}' ${file.error.message}`);
  }

  #partial(name: string): Result<string, string> {
    const found = pathBeside(this.#manifest, `${FOLDER}/${name}`);
    if (!found.ok) return err(`the partial '${name}' ${found.error}`);
    if (name.split("/").includes("..")) return err(`the partial '${name}' is not in ${FOLDER}/ beside the manifest`);
    for (const ending of ENDINGS) {
      const file = this.#files.read(`${found.value}${ending}`);
      if (file.ok) return ok(file.value.text);
      if (!file.error.isMissing) return err(`the partial '${name}' ${file.error.message}`);
    }
    return err(`there is no partial '${name}': it would be ${FOLDER}/${name}.md beside the manifest`);
  }
}
