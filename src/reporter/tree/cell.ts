import { displayWidth } from "../../diagnostic/printable.ts";

/** Cuts a printable text to a number of columns, with `…` where something is missing, and fills it up with spaces. */
export function cell(text: string, width: number, align: "left" | "right" = "left"): string {
  const short = cut(text, width);
  const fill = " ".repeat(Math.max(0, width - displayWidth(short)));
  return align === "left" ? short + fill : fill + short;
}

/** Cuts a printable text to at most so many columns. */
export function cut(text: string, width: number): string {
  // One column a character at the least: most texts need no closer look.
  if (text.length <= width / 2 || displayWidth(text) <= width) return text;
  if (width <= 0) return "";
  let used = 0;
  let short = "";
  for (const char of text) {
    used += displayWidth(char);
    if (used > width - 1) break;
    short += char;
  }
  return `${short}…`;
}

/** A bar of `width` columns, filled to `done` of `total`, in eighths of a column. */
export function bar(done: number, total: number, width: number): string {
  const eighths = total === 0 ? width * 8 : Math.floor((done / total) * width * 8);
  const rest = eighths % 8;
  const filled = "█".repeat(Math.floor(eighths / 8)) + (rest === 0 ? "" : String.fromCharCode(0x2590 - rest));
  return filled + "░".repeat(width - filled.length);
}
