/** A place in a file: 1-based lines and columns (UTF-16 units), the end exclusive. */
export interface Span {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** A file as it was read, for code frames. `path` is shown to the user as it stands. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}
