import picocolors from "picocolors";
import type { Diagnostic } from "./diagnostic.ts";
import { displayWidth, printable } from "./printable.ts";
import type { SourceFile, Span } from "./source.ts";

export interface RenderOptions {
  /** Colours for a terminal. Default false. */
  readonly color?: boolean;
  /** Longer lines of the file are cut around the place, in columns. Default 120. */
  readonly width?: number;
  /** So many diagnostics are shown; the rest is counted. Default 100. */
  readonly limit?: number;
}

/**
 * Diagnostics as text for people: place, code, message, the line with the place marked, help, other places; each ends
 * with a line feed, an empty line between two. A file that is not among `sources` is shown without its line.
 */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: readonly SourceFile[],
  options: RenderOptions = {},
): string {
  const { color = false, width = 120, limit = 100 } = options;
  const colors = picocolors.createColors(color);
  const lines = new Map(sources.map((source) => [source.path, source.text.split(/\r\n|\n/)]));

  const render = ({ file, span, severity, code, message, help, related }: Diagnostic): string => {
    const paint = severity === "error" ? colors.red : colors.yellow;
    const parts = [`${place(file, span)} ${paint(`${severity} ${code}`)}: ${colors.bold(printable(message))}`];
    const text = lines.get(file)?.[span.line - 1];
    if (text !== undefined) {
      const number = String(span.line);
      const frame = codeFrame(text, span, Math.max(20, width - number.length - 5));
      parts.push(`  ${colors.dim(`${number} |`)} ${frame.line}`.trimEnd());
      parts.push(
        `  ${colors.dim(`${" ".repeat(number.length)} |`)} ${" ".repeat(frame.indent)}${paint("~".repeat(frame.length))}`,
      );
    }
    if (help !== null) parts.push(`  ${colors.cyan("help:")} ${printable(help)}`);
    for (const other of related)
      parts.push(`  ${colors.cyan("see:")} ${place(other.file, other.span)} ${printable(other.message)}`);
    return `${parts.join("\n")}\n`;
  };

  const shown = diagnostics.slice(0, limit).map(render);
  if (diagnostics.length > limit) shown.push(`and ${diagnostics.length - limit} more\n`);
  return shown.join("\n");
}

const place = (file: string, span: Span): string => `${printable(file)}:${span.line}:${span.column}`;

/** The part of a line that fits `width` columns around the place, and where in it the place is, in columns. */
function codeFrame(text: string, span: Span, width: number): { line: string; indent: number; length: number } {
  const start = Math.min(span.column - 1, text.length);
  const end = span.endLine > span.line ? text.length : Math.max(start, Math.min(span.endColumn - 1, text.length));
  // Twice the width is enough to cut from, however long the line is.
  const from =
    displayWidth(text.slice(0, end).slice(0, width + 1)) <= width && end <= width
      ? 0
      : Math.max(0, start - Math.floor(width / 3));
  const before = printable(text.slice(from, start));
  const marked = cut(printable(text.slice(start, Math.min(end, start + width))), width - displayWidth(before) - 2);
  const rest = cut(
    printable(text.slice(start + marked.length, start + marked.length + width)),
    width - displayWidth(before) - displayWidth(marked) - 2,
  );
  const head = from > 0 ? "…" : "";
  const tail = start + marked.length + rest.length < text.length ? "…" : "";
  return {
    line: head + before + marked + rest + tail,
    indent: displayWidth(head + before),
    length: Math.max(1, displayWidth(marked)),
  };
}

/** The beginning of a text that fits `width` columns. */
function cut(text: string, width: number): string {
  let used = 0;
  let length = 0;
  for (const char of text) {
    used += displayWidth(char);
    if (used > width) break;
    length += char.length;
  }
  return text.slice(0, length);
}
