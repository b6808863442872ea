import type { DiagnosticCode } from "../diagnostic/code.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { Span } from "../diagnostic/source.ts";
import { Guesses } from "../diagnostic/guesses.ts";
import type { Document } from "../manifest/document.ts";
import type { Pointer } from "../manifest/pointer.ts";

/** A piece of a text value: UTF-16 units of the value, not of the file. */
export interface Piece {
  readonly offset: number;
  readonly length: number;
}

/** What is wrong, and what more there is to say. */
export interface Problem {
  readonly code: DiagnosticCode;
  /** One sentence without a full stop. */
  readonly message: string;
  readonly help?: string | null;
  /** Where in the text at the pointer, or its key instead of its value; left out = the whole node. */
  readonly piece?: Piece | "key";
  readonly related?: readonly { readonly pointer: Pointer; readonly piece?: Piece | "key"; readonly message: string }[];
}

/** Collects the problems that the passes find, with their places in the file. */
export class Problems {
  readonly #document: Document;
  readonly #found: Diagnostic[] = [];
  readonly #guesses = new Guesses();
  readonly #told = new Set<string>();

  constructor(document: Document) {
    this.#document = document;
  }

  error(pointer: Pointer, problem: Problem): void {
    this.#add("error", pointer, problem);
  }

  warn(pointer: Pointer, problem: Problem): void {
    this.#add("warning", pointer, problem);
  }

  /** The name that a mistyped one most likely meant, or null. */
  suggest(word: string, names: readonly string[]): string | null {
    return this.#guesses.suggest(word, names);
  }

  /** In the order of the file. */
  of(severity: Diagnostic["severity"]): readonly Diagnostic[] {
    return this.#found
      .filter((diagnostic) => diagnostic.severity === severity)
      .sort((a, b) => a.span.line - b.span.line || a.span.column - b.span.column);
  }

  #add(severity: Diagnostic["severity"], pointer: Pointer, problem: Problem): void {
    const file = this.#document.source.path;
    const span = this.#span(pointer, problem.piece);
    // What stands under `defaults` is looked at for each step.
    const mark = `${span.line}:${span.column} ${problem.code} ${problem.message}`;
    if (this.#told.has(mark)) return;
    this.#told.add(mark);
    this.#found.push({
      file,
      span,
      severity,
      code: problem.code,
      message: problem.message,
      help: problem.help ?? null,
      related: (problem.related ?? []).map(({ pointer: other, piece, message }) => ({
        file,
        span: this.#span(other, piece),
        message,
      })),
    });
  }

  #span(pointer: Pointer, piece: Piece | "key" | undefined): Span {
    if (piece === undefined || piece === "key") return this.#document.locate(pointer, piece ?? "value");
    return this.#document.locateInText(pointer, piece.offset, piece.length);
  }
}
