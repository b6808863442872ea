import type { DiagnosticCode } from "../diagnostic/code.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { Document } from "./document.ts";
import type { Pointer } from "./pointer.ts";

export interface ProblemDetail {
  readonly help?: string | null | undefined;
  /** Default `value`. */
  readonly part?: "key" | "value";
  readonly related?: { readonly pointer: Pointer; readonly part?: "key" | "value"; readonly message: string };
}

/** Collects the problems of a document by the pointers of its nodes. */
export class ProblemList {
  readonly #document: Document;
  readonly #diagnostics: Diagnostic[] = [];
  /** Where the problems are, in the order they were found. */
  readonly pointers: Pointer[] = [];
  /** The first two segments of each pointer with a problem. */
  readonly #places = new Set<string>();

  constructor(document: Document) {
    this.#document = document;
  }

  get count(): number {
    return this.#diagnostics.length;
  }

  /** Whether there is a problem so far at or below a top-level key and a name, e.g. `steps`, `draft`. */
  has(key: string, name: string): boolean {
    return this.#places.has(`${key}/${name}`);
  }

  /** In the order of the file. What is found twice, through an anchor and its aliases, is one problem. */
  sorted(): readonly Diagnostic[] {
    const unique = new Map<string, Diagnostic>();
    for (const diagnostic of this.#diagnostics) {
      const { span, code, message } = diagnostic;
      const key = `${span.line}:${span.column} ${code} ${message}`;
      if (!unique.has(key)) unique.set(key, diagnostic);
    }
    return [...unique.values()].toSorted((a, b) => a.span.line - b.span.line || a.span.column - b.span.column);
  }

  add(code: DiagnosticCode, pointer: Pointer, message: string, detail: ProblemDetail = {}): void {
    const { help = null, part = "value", related } = detail;
    this.pointers.push(pointer);
    this.#places.add(pointer.slice(0, 2).join("/"));
    const file = this.#document.source.path;
    this.#diagnostics.push({
      file,
      span: this.#document.locate(pointer, part),
      severity: "error",
      code,
      message,
      help,
      related: related
        ? [{ file, span: this.#document.locate(related.pointer, related.part), message: related.message }]
        : [],
    });
  }
}
