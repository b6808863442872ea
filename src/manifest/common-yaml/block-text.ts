import { giveUp } from "./step-aside.ts";

/** A text below `|` or `>`, and where the line after it starts. */
export interface BlockText {
  readonly value: string;
  readonly end: number;
}

/**
 * Reads the lines below the header of a block text; `start` is where the first of them starts, `parent` the column of
 * what the text belongs to. Of folded texts only those whose lines all start in the same column.
 */
export function readBlockText(text: string, start: number, parent: number, folded: boolean, strip: boolean): BlockText {
  const lines: string[] = [];
  let indent = -1;
  let widestBlank = 0;
  let at = start;
  while (at < text.length) {
    const end = text.indexOf("\n", at);
    // Without a line feed at its end the last line is a case of its own.
    if (end === -1) giveUp();
    let column = 0;
    while (text.charCodeAt(at + column) === SPACE) column++;
    if (at + column === end) {
      widestBlank = Math.max(widestBlank, column);
      lines.push("");
      at = end + 1;
      continue;
    }
    if (indent === -1) {
      if (column <= parent) giveUp();
      indent = column;
    }
    if (column < indent) {
      if (column > parent) giveUp();
      break;
    }
    if (folded && column > indent) giveUp();
    lines.push(text.slice(at + indent, end));
    at = end + 1;
  }
  // Spaces beyond the indent of the text are a part of it, or wrong.
  if (indent === -1 || widestBlank > indent) giveUp();
  while (lines.at(-1) === "") lines.pop();
  const value = folded ? fold(lines) : lines.join("\n");
  return { value: strip ? value : `${value}\n`, end: at };
}

const SPACE = 32;

/** One line break is a space, more are that many line feeds less one. */
function fold(lines: readonly string[]): string {
  let value = "";
  let blanks = 0;
  let isFirst = true;
  for (const line of lines) {
    if (line === "") {
      blanks++;
      continue;
    }
    value += blanks > 0 ? "\n".repeat(blanks) : isFirst ? "" : " ";
    value += line;
    blanks = 0;
    isFirst = false;
  }
  return value;
}
