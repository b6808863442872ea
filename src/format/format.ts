import { isDeepStrictEqual } from "node:util";
import { parseDocument } from "yaml";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceFile } from "../diagnostic/source.ts";
import { readDocument } from "../manifest/read.ts";
import { checkManifest } from "../manifest/validate.ts";
import type { Json } from "../util/json.ts";
import { ok, type Result } from "../util/result.ts";
import { knownMaps } from "./known-map.ts";
import { renames, type Rename } from "./rename.ts";
import { reorderKeys } from "./reorder.ts";

export interface Formatted {
  readonly text: string;
  /** Keys that got another name, as `steps.draft.depends_on` and the new name. */
  readonly renamed: readonly { readonly key: string; readonly to: string }[];
  /** Words of other tools that have a counterpart here, left as they are: without `fix`, or since their value does not fit. */
  readonly foreign: readonly string[];
}

export interface FormatOptions {
  /** Turns words of other tools into ours where their value means the same. Default false. */
  readonly fix?: boolean;
}

/**
 * A manifest in canonical form: the order and the spelling of its keys; comments, anchors, quotes and the layout of
 * values stay as they are written. What the file means does not change. The same text again gives itself. The error:
 * why the file cannot be read as YAML.
 */
export function formatManifest(
  source: SourceFile,
  { fix = false }: FormatOptions = {},
): Result<Formatted, readonly Diagnostic[]> {
  const read = readDocument(source);
  if (!read.ok) return read;
  const bom = source.text.startsWith("\uFEFF") ? "\uFEFF" : "";
  const renaming = renameKeys(read.value.source, fix);
  const named = renaming.source;
  const maps = knownMaps(dataOf(named));
  const ordered = withLastLineEnd(reorderKeys(named.text, parse(named.text), maps));
  // A text that would say something else is none: then the order stays as it is.
  const isSame = isDeepStrictEqual(dataOf({ ...named, text: ordered }), dataOf(named));
  const text = bom + (isSame ? ordered : withLastLineEnd(named.text));
  return ok({ text, renamed: renaming.renamed, foreign: renaming.foreign });
}

function renameKeys(source: SourceFile, fix: boolean): { source: SourceFile } & Omit<Formatted, "text"> {
  const renamed: { key: string; to: string }[] = [];
  const foreign: string[] = [];
  let current = source;
  const found = (): readonly Rename[] => {
    const data = dataOf(current);
    return renames(current.text, parse(current.text), data, knownMaps(data));
  };
  const spelt = found().filter(({ isForeign }) => !isForeign);
  current = { ...current, text: replaced(current.text, spelt) };
  for (const { pointer, from, to } of spelt) renamed.push({ key: [...pointer, from].join("."), to });
  const left = new Set<string>();
  for (;;) {
    const next = found().find(({ pointer, from, isForeign }) => isForeign && !left.has([...pointer, from].join(".")));
    if (next === undefined) break;
    const key = [...next.pointer, next.from].join(".");
    const changed = { ...current, text: replaced(current.text, [next]) };
    if (fix && problems(changed) < problems(current)) {
      current = changed;
      renamed.push({ key, to: next.to });
    } else {
      left.add(key);
      foreign.push(key);
    }
  }
  return { source: current, renamed, foreign };
}

function replaced(text: string, all: readonly Rename[]): string {
  // Inner ones first: outer entries hold them.
  return all
    .toSorted((a, b) => b.start - a.start)
    .reduce((done, { start, from, to, end, text: entry, isForeign }) => {
      if (isForeign) return done.slice(0, start) + entry + done.slice(end);
      // Only the key: what is behind it may have changed already.
      const written = done.slice(start);
      const quote = written.startsWith('"') || written.startsWith("'") ? 2 : 0;
      return done.slice(0, start) + to + written.slice(from.length + quote);
    }, text);
}

/** How much is wrong with a manifest; more than anything when it cannot be read. */
function problems(source: SourceFile): number {
  const read = readDocument(source);
  if (!read.ok) return Number.POSITIVE_INFINITY;
  const checked = checkManifest(read.value);
  return checked.ok ? 0 : checked.error.diagnostics.length;
}

function dataOf(source: SourceFile): Json {
  const read = readDocument(source);
  return read.ok ? read.value.data : null;
}

function parse(text: string) {
  return parseDocument(text, { uniqueKeys: false, prettyErrors: false, logLevel: "error", version: "1.2" });
}

function withLastLineEnd(text: string): string {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  return `${text.replace(/\s+$/, "")}${eol}`;
}
