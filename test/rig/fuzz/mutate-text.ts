import { hostileKeys, hostileTexts } from "./hostile-value.ts";

/** One change of a manifest's text. The numbers choose the place and what comes there. */
export interface TextEdit {
  readonly kind: keyof typeof edits;
  readonly at: number;
  readonly pick: number;
}

/** The text with one thing about it changed: its YAML may break, or mean something else. */
export function mutateText(text: string, { kind, at, pick }: TextEdit): string {
  return edits[kind](text, at, pick);
}

const syntax = [
  ":",
  ": ",
  "- ",
  "'",
  '"',
  "{",
  "}",
  "[",
  "]",
  ",",
  "|",
  ">",
  "#",
  " #",
  "!",
  "!!str ",
  "!x ",
  "%",
  "@",
  "`",
  "\t",
  "\\",
  "? ",
  "...",
  "---",
  "\n---\n",
  "\r",
  "\u0085",
  "\u2028",
  "\ufeff",
  "\0",
  "\u001b",
  "é",
  "😀",
  "\ud83d",
];

const edits = {
  insert: (text: string, at: number, pick: number) => spliced(text, at, 0, syntax[pick % syntax.length] as string),
  cut: (text: string, at: number, pick: number) => spliced(text, at, 1 + (pick % 12), ""),
  scalar: (text: string, at: number, pick: number) =>
    onLine(text, at, (line) =>
      line.replace(
        /(:\s*|-\s+)?\S[^:]*$/,
        (_, sign: string | undefined) => `${sign ?? ""}${hostileTexts[pick % hostileTexts.length]}`,
      ),
    ),
  key: (text: string, at: number, pick: number) =>
    onLine(text, at, (line) => line.replace(/[\w$-]+(?=:)/, () => hostileKeys[pick % hostileKeys.length] as string)),
  double: (text: string, at: number) => onLine(text, at, (line) => `${line}\n${line}`),
  drop: (text: string, at: number) => onLine(text, at, () => null),
  swap(text: string, at: number, pick: number) {
    const lines = text.split("\n");
    const [one, other] = [at % lines.length, pick % lines.length];
    return lines
      .with(one, lines[other] as string)
      .with(other, lines[one] as string)
      .join("\n");
  },
  indent: (text: string, at: number, pick: number) => onLine(text, at, (line) => " ".repeat(1 + (pick % 5)) + line),
  outdent: (text: string, at: number, pick: number) =>
    onLine(text, at, (line) => line.slice(Math.min(pick % 5, line.search(/\S|$/)))),
  tab: (text: string, at: number) => onLine(text, at, (line) => line.replace(/^ */, "\t")),
  anchor: (text: string, at: number, pick: number) =>
    onLine(
      onLine(text, at, (line) => line.replace(/(:|-)(?= |$)/, "$1 &a")),
      pick,
      (line) => line.replace(/(: |- ).*$/, "$1*a"),
    ),
  /** An alias to a node that it is part of. */
  loop: (text: string, at: number) => onLine(text, at, (line) => line.replace(/(:|-)( .*)?$/, "$1 &loop [*loop]")),
  deep: (text: string, at: number, pick: number) => {
    const levels = 1 << (pick % 12);
    return onLine(text, at, (line) =>
      line.replace(/(: |- ).*$/, `$1${"[".repeat(levels)}${pick % 2 === 0 ? "]".repeat(levels) : ""}`),
    );
  },
  long: (text: string, at: number, pick: number) => onLine(text, at, (line) => line + "x".repeat(1 << (pick % 17))),
  many: (text: string, at: number, pick: number) =>
    onLine(
      text,
      at,
      (line) =>
        `${line}\n${Array.from({ length: 1 << (pick % 10) }, (_, index) => line.replace(/[\w-]+/, `k${index}`)).join("\n")}`,
    ),
  crlf: (text: string) => text.replaceAll("\n", "\r\n"),
  cr: (text: string) => text.replaceAll("\n", "\r"),
  bom: (text: string) => `\ufeff${text}`,
  twice: (text: string) => `${text}\n---\n${text}`,
  end: (text: string, at: number) => text.slice(0, at % (text.length + 1)),
};

/** The names of all edits. */
export const textEdits = Object.keys(edits) as readonly TextEdit["kind"][];

function spliced(text: string, at: number, length: number, put: string): string {
  const start = at % (text.length + 1);
  return text.slice(0, start) + put + text.slice(start + length);
}

function onLine(text: string, at: number, change: (line: string) => string | null): string {
  const lines = text.split("\n");
  const index = at % lines.length;
  const line = change(lines[index] as string);
  return (line === null ? lines.toSpliced(index, 1) : lines.with(index, line)).join("\n");
}
