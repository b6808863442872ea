import { err, ok, type Result } from "../../util/result.ts";
import { longestText } from "../limit.ts";
import type { ExpressionProblem } from "../scope.ts";
import type { HandlebarsNode } from "./convert.ts";
import { handlebarsLibrary } from "./handlebars-library.ts";
import { excessOf, parseText } from "./parse.ts";
import { placesOf } from "./place.ts";
import type { Place } from "./tree.ts";

/** Gives the text of a partial by its name; the error is a sentence without a full stop. */
export type ReadPartial = (name: string) => Result<string, string>;

/** A piece of an expanded text: from `start` on, what stood at `offset` of the written one. */
export interface ExpandedPiece {
  readonly start: number;
  readonly offset: number;
  /** Of a partial: its name, and how long `{{> name}}` is; null for what was written as it stands. */
  readonly partial: { readonly name: string; readonly length: number } | null;
}

/** A text with its partials written out. */
export interface ExpandedText {
  readonly source: string;
  /** In order; they cover the source without gaps. */
  readonly pieces: readonly ExpandedPiece[];
  /** Partials that could not be put in, at their places in the written text; nothing stands for them. */
  readonly problems: readonly ExpressionProblem[];
}

/** Where a text could hold a partial: nothing else is parsed twice. */
const PARTIAL = /\{\{~?\s*#?>/;

/** Writes out partials: each text is read and expanded once, and the whole stays as short as a text may be. */
export class Partials {
  readonly #read: ReadPartial;
  /** Expanded texts; null while one is being expanded, to notice one that is inside of itself. */
  readonly #expanded = new Map<string, Result<string, string> | null>();

  constructor(read: ReadPartial) {
    this.#read = read;
  }

  /** The text with all `{{> name}}` replaced by what stands in their files. */
  expand(written: string): ExpandedText {
    const pieces: ExpandedPiece[] = [];
    const problems: ExpressionProblem[] = [];
    let source = "";
    let at = 0;
    for (const { name, offset, length } of partialsIn(written)) {
      pieces.push({ start: source.length, offset: at, partial: null });
      source += written.slice(at, offset);
      at = offset + length;
      const text = name === null ? err("a partial is a name alone: {{> name}}") : this.#text(name);
      if (!text.ok) problems.push({ code: "WF4014", message: text.error, help: null, offset, length });
      else if (source.length + text.value.length > longestText) {
        const message = `with its partials the text is longer than ${longestText} characters`;
        problems.push({ code: "WF4010", message, help: "read it from a file in a `run` step", offset, length });
      } else {
        pieces.push({ start: source.length, offset, partial: { name: name ?? "", length } });
        source += text.value;
      }
    }
    pieces.push({ start: source.length, offset: at, partial: null });
    return { source: source + written.slice(at), pieces, problems };
  }

  #text(name: string): Result<string, string> {
    const known = this.#expanded.get(name);
    if (known === null) return err(`the partial '${name}' is inside of itself`);
    if (known !== undefined) return known;
    this.#expanded.set(name, null);
    const text = this.#expandedText(name);
    this.#expanded.set(name, text);
    return text;
  }

  #expandedText(name: string): Result<string, string> {
    const text = this.#read(name);
    if (!text.ok) return text;
    // The line feed at the end of a file is the file's, not the text's.
    const { source, problems } = this.expand(text.value.replace(/\r?\n$/, ""));
    const problem = problems[0] ?? parseText(source).problems[0];
    if (problem === undefined) return ok(source);
    return err(`the partial '${name}' cannot be used: ${problem.message}`);
  }
}

/** The piece of an expanded text that an offset lies in. */
export function pieceAt(pieces: readonly ExpandedPiece[], offset: number): ExpandedPiece | null {
  return pieces.findLast((piece) => piece.start <= offset) ?? null;
}

/** All partials of a text with their places; a name that is computed, or has arguments, is null. */
function partialsIn(source: string): readonly (Place & { readonly name: string | null })[] {
  if (!PARTIAL.test(source) || excessOf(source) !== null) return [];
  const found: (Place & { readonly name: string | null })[] = [];
  const { offsetOf } = placesOf(source);
  const visit = (program: HandlebarsNode | undefined): void => {
    for (const node of program?.body ?? []) {
      if (node.type === "PartialStatement" || node.type === "PartialBlockStatement") {
        const start = node.loc ? offsetOf(node.loc.start.line, node.loc.start.column) : 0;
        const end = node.loc ? offsetOf(node.loc.end.line, node.loc.end.column) : 0;
        found.push({ name: nameOf(node), offset: start, length: end - start });
      } else {
        visit(node.program);
        visit(node.inverse);
      }
    }
  };
  try {
    visit(handlebarsLibrary().parse(source) as HandlebarsNode);
  } catch {
    // What is wrong with the text is told where it is parsed as a whole.
    return [];
  }
  return found;
}

function nameOf({ type, name, params, hash }: HandlebarsNode): string | null {
  const isPlain = type === "PartialStatement" && (params?.length ?? 0) === 0 && hash === undefined;
  return isPlain && typeof name?.original === "string" ? name.original : null;
}
