import { displayWidth } from "../../diagnostic/printable.ts";

/**
 * Breaks a text at its spaces into lines of at most `width` columns, each behind `indent`.
 * A word that is longer than a line stays whole: ids and digests are for copying. At least one line.
 */
export function wrap(text: string, indent: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  let used = indent.length;
  for (const word of text.split(" ")) {
    const needed = displayWidth(word) + (line === "" ? 0 : 1);
    if (line !== "" && used + needed > width) {
      lines.push(indent + line);
      line = word;
      used = indent.length + needed - 1;
    } else {
      line = line === "" ? word : `${line} ${word}`;
      used += needed;
    }
  }
  return [...lines, indent + line];
}
