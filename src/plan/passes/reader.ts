import { parseTemplate } from "../../expression/parse.ts";
import type { Template } from "../../expression/template.ts";
import { fileCallsOf } from "../../expression/text/file-call.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import type { Json } from "../../util/json.ts";
import type { Problems } from "../problems.ts";
import type { TextFiles } from "../text-files.ts";
import { pieceOf, sitesOf, type Place, type Site } from "./site.ts";

/** Stands where a template could not be parsed: the plan is not used then. */
export const NOTHING: Template = { kind: "literal", value: null };

/** Parses one text or value after the other, and keeps the expressions in them. */
export class Reader {
  readonly sites: Site[] = [];
  readonly #problems: Problems;
  readonly #files: TextFiles;

  constructor(problems: Problems, files: TextFiles) {
    this.#problems = problems;
    this.#files = files;
  }

  /** A text with its partials written out and the files that it names. */
  text(value: string | null, pointer: Pointer, place: Place): Template | null {
    if (value === null) return null;
    if (!value.includes("{{")) return { kind: "literal", value };
    const { source, pieces, problems } = this.#files.partials.expand(value);
    if (pieces.length === 1) return this.#withFiles(this.#parse(value, "text", pointer, place));
    for (const { code, message, help, offset, length } of problems) {
      this.#problems.error(pointer, { code, message, help, piece: { offset, length } });
    }
    // A text whose partials are wrong is not judged without them.
    if (problems.length > 0) return NOTHING;
    const template: Template = { kind: "text", source };
    sitesOf(template, source, pointer, place, this.sites, pieces);
    return this.#withFiles(template);
  }

  /** A value whose texts, at any depth, are text templates. */
  content(value: Json, pointer: Pointer, place: Place): Template {
    if (typeof value === "string") return this.text(value, pointer, place) ?? NOTHING;
    return this.#parse(value, "text", pointer, place) ?? NOTHING;
  }

  value(value: Json, pointer: Pointer, place: Place): Template {
    return this.#parse(value, "value", pointer, place) ?? NOTHING;
  }

  texts(values: { readonly [name: string]: string }, pointer: Pointer, place: Place): { [name: string]: Template } {
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, this.text(value, [...pointer, name], place) ?? NOTHING]),
    );
  }

  values(values: { readonly [name: string]: Json }, pointer: Pointer, place: Place): { [name: string]: Template } {
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, this.value(value, [...pointer, name], place)]),
    );
  }

  /** The source of a bare expression; null where there is none, or none that can be read. */
  expression(value: string | null, pointer: Pointer, place: Place): string | null {
    const template = value === null ? null : this.#parse(value, "bare", pointer, place);
    return template?.kind === "cel" ? template.source : null;
  }

  /** The template with the texts of the files that it names by literal paths. */
  #withFiles(template: Template | null): Template | null {
    if (template?.kind !== "text") return template;
    const site = this.sites.at(-1);
    const files: { [path: string]: string } = {};
    for (const { path, offset, length } of fileCallsOf(template.source)) {
      if (Object.hasOwn(files, path)) continue;
      const text = this.#files.read(path);
      if (text.ok) files[path] = text.value;
      else if (site !== undefined) {
        const piece = pieceOf(site, { offset, length });
        const help = "a path is relative to the manifest, and stays inside of its repository";
        this.#problems.error(site.pointer, { code: "WF3017", message: text.error, help, piece });
      }
    }
    return Object.keys(files).length === 0 ? template : { ...template, files };
  }

  #parse(value: Json, mode: "value" | "text" | "bare", pointer: Pointer, place: Place): Template | null {
    const parsed = parseTemplate(value, mode);
    if (parsed.ok) {
      sitesOf(parsed.value, value, pointer, place, this.sites);
      return parsed.value;
    }
    for (const { pointer: inner, code, message, help, offset, length } of parsed.error) {
      this.#problems.error([...pointer, ...inner], { code, message, help, piece: { offset, length } });
    }
    return null;
  }
}
