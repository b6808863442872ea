import type { Scalar } from "yaml";

/** For each UTF-16 unit of a scalar's value: where it starts and ends in the source. */
export interface TextMap {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/**
 * Reads a scalar once more and notes where each unit of its value comes from: through quotes, escapes, folded lines
 * and block scalars. null when the reading does not give the scalar's value; then nothing can be said about places.
 */
export function mapScalarText(source: string, scalar: Scalar): TextMap | null {
  const { value, range, type } = scalar;
  if (typeof value !== "string" || !range) return null;
  const [start, end] = range;
  if (type === "BLOCK_LITERAL" || type === "BLOCK_FOLDED")
    return mapBlock(source, start, end, value, type === "BLOCK_FOLDED");
  const quoted = type === "QUOTE_DOUBLE" || type === "QUOTE_SINGLE";
  const reading = new Reading(source);
  readFlow(reading, quoted ? start + 1 : start, quoted ? end - 1 : end, type);
  return reading.resultFor(value);
}

class Reading {
  readonly source: string;
  #text = "";
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  constructor(source: string) {
    this.source = source;
  }

  /** The source from `start` to `end` stands for `text`. */
  emit(text: string, start: number, end: number): void {
    this.#text += text;
    for (let unit = 0; unit < text.length; unit++) {
      this.#starts.push(start);
      this.#ends.push(end);
    }
  }

  /** The source from `start` to `end` stands for itself. */
  copy(start: number, end: number): void {
    for (let index = start; index < end; index++) this.emit(this.source[index] as string, index, index + 1);
  }

  /** Trailing line breaks beyond the value do not matter: how many are kept depends on the block's header. */
  resultFor(value: string): TextMap | null {
    if (this.#text !== value && this.#text.replace(/\n+$/, "") !== value.replace(/\n+$/, "")) return null;
    return { starts: this.#starts, ends: this.#ends };
  }
}

const isBlank = (char: string | undefined): boolean => char === " " || char === "\t";

/** Length of the line break at `index`, 0 when there is none. */
const breakAt = (source: string, index: number): number =>
  source[index] === "\n" ? 1 : source.startsWith("\r\n", index) ? 2 : 0;

function readFlow(reading: Reading, start: number, end: number, type: Scalar["type"]): void {
  const { source } = reading;
  let index = start;
  while (index < end) {
    let afterBlanks = index;
    while (afterBlanks < end && isBlank(source[afterBlanks])) afterBlanks++;
    if (breakAt(source, afterBlanks) > 0) {
      index = readBreaks(reading, index, afterBlanks, end, false);
    } else if (afterBlanks > index) {
      reading.copy(index, afterBlanks);
      index = afterBlanks;
    } else if (type === "QUOTE_SINGLE" && source[index] === "'") {
      reading.emit("'", index, index + 2);
      index += 2;
    } else if (type === "QUOTE_DOUBLE" && source[index] === "\\") {
      index = readEscape(reading, index, end);
    } else {
      reading.copy(index, index + 1);
      index++;
    }
  }
}

/** One break is a space (nothing after a backslash), more are that many line feeds less one. */
function readBreaks(reading: Reading, start: number, firstBreak: number, end: number, escaped: boolean): number {
  const { source } = reading;
  let index = firstBreak;
  let breaks = 0;
  for (let length = breakAt(source, index); length > 0 && index < end; length = breakAt(source, index)) {
    breaks++;
    index += length;
    while (index < end && isBlank(source[index])) index++;
  }
  if (breaks > 1) reading.emit("\n".repeat(breaks - 1), start, index);
  else if (!escaped) reading.emit(" ", start, index);
  return index;
}

const escapes: { readonly [char: string]: string } = {
  "0": "\0",
  a: "\x07",
  b: "\b",
  e: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  N: "\u0085",
  _: "\u00a0",
  L: "\u2028",
  P: "\u2029",
  " ": " ",
  '"': '"',
  "/": "/",
  "\\": "\\",
  "\t": "\t",
};
const hexDigits: { readonly [char: string]: number } = { x: 2, u: 4, U: 8 };

function readEscape(reading: Reading, start: number, end: number): number {
  const { source } = reading;
  if (breakAt(source, start + 1) > 0) return readBreaks(reading, start, start + 1, end, true);
  const char = source[start + 1] ?? "";
  const digits = hexDigits[char] ?? 0;
  const after = start + 2 + digits;
  const code = Number.parseInt(source.slice(start + 2, after), 16);
  reading.emit(digits > 0 ? (code <= 0x10ffff ? String.fromCodePoint(code) : "") : (escapes[char] ?? ""), start, after);
  return after;
}

interface Line {
  readonly start: number;
  readonly end: number;
  /** How many spaces it starts with. */
  readonly indent: number;
}

/** The header may give the indent relative to a parent that is not known here, so smaller indents are tried too. */
function mapBlock(source: string, start: number, end: number, value: string, folded: boolean): TextMap | null {
  const header = source.indexOf("\n", start);
  const lines = header === -1 ? [] : linesOf(source, header + 1, end);
  const first = lines.find((line) => line.start + line.indent < line.end);
  const guess = first ? first.indent : 0;
  // Nesting is bounded, and an indicator is one digit: more tries cannot help.
  for (let indent = guess; indent >= Math.max(0, guess - 9); indent--) {
    const reading = new Reading(source);
    if (folded) readFolded(reading, lines, indent);
    else readLiteral(reading, lines, indent);
    const result = reading.resultFor(value);
    if (result) return result;
  }
  return null;
}

function linesOf(source: string, start: number, end: number): Line[] {
  const lines: Line[] = [];
  for (let index = start; index < end;) {
    const feed = source.indexOf("\n", index);
    const next = feed === -1 || feed >= end ? end : feed + 1;
    let lineEnd = feed === -1 || feed >= end ? end : feed;
    if (lineEnd > index && source[lineEnd - 1] === "\r") lineEnd--;
    let indent = 0;
    while (index + indent < lineEnd && source[index + indent] === " ") indent++;
    lines.push({ start: index, end: lineEnd, indent });
    index = next;
  }
  return lines;
}

function readLiteral(reading: Reading, lines: readonly Line[], indent: number): void {
  for (const line of lines) {
    reading.copy(Math.min(line.start + indent, line.end), line.end);
    reading.emit("\n", line.end, line.end);
  }
}

/** Breaks between lines of text fold into a space; around lines that are indented further they stay. */
function readFolded(reading: Reading, lines: readonly Line[], indent: number): void {
  let before: "start" | "text" | "further" = "start";
  let blankLines = 0;
  let lastEnd = lines[0]?.start ?? 0;
  for (const line of lines) {
    const start = Math.min(line.start + indent, line.end);
    if (start === line.end) {
      blankLines++;
      continue;
    }
    const further = isBlank(reading.source[start]);
    if (before === "start") reading.emit("\n".repeat(blankLines), lastEnd, start);
    else if (before === "text" && !further)
      reading.emit(blankLines > 0 ? "\n".repeat(blankLines) : " ", lastEnd, start);
    else reading.emit("\n".repeat(blankLines + 1), lastEnd, start);
    reading.copy(start, line.end);
    before = further ? "further" : "text";
    blankLines = 0;
    lastEnd = line.end;
  }
  reading.emit("\n".repeat(blankLines + 1), lastEnd, lastEnd);
}
