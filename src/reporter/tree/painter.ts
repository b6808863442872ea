import { displayWidth } from "../../diagnostic/printable.ts";

/** A terminal to paint on. */
export interface Screen {
  /** Its size at this very moment, in columns and rows. */
  size(): { readonly width: number; readonly height: number };
  write(text: string): void;
}

const ESC = "\x1b[";
/** Synchronized update: terminals that know it show the frame in one piece, others ignore it. */
const BEGIN = `${ESC}?2026h${ESC}?25l`;
/** The cursor is visible again after every frame: so nothing is left to restore when the process is killed. */
const END = `${ESC}?25h${ESC}?2026l`;
// oxlint-disable-next-line no-control-regex -- colours take no column
const COLOR = /\x1b\[[0-9;]*m/g;

/**
 * Replaces one picture by the next at the same place, each by a single write. The cursor rests at the start of the
 * line below the picture, so whatever is printed next begins there.
 */
export class Painter {
  readonly #screen: Screen;
  #lines: readonly string[] = [];
  /** The width for which they were painted. */
  #width = 0;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Shows these lines in place of the last ones. Each must be narrower than the screen, all together lower. */
  paint(lines: readonly string[]): void {
    const { width } = this.#screen.size();
    const isSame =
      width === this.#width &&
      lines.length === this.#lines.length &&
      lines.every((line, index) => line === this.#lines[index]);
    if (isSame) return;
    this.#screen.write(`${BEGIN}${this.#toTop()}${this.#block(lines)}${END}`);
    this.#lines = lines;
    this.#width = width;
  }

  /** Takes the picture away and prints lines for good in its place, which may be broken by the screen. */
  print(lines: readonly string[]): void {
    this.#screen.write(`${BEGIN}${this.#toTop()}${this.#block(lines)}${END}`);
    this.#lines = [];
  }

  /**
   * Writes over what is there, then erases what is left below. Where the width has changed each line is erased first:
   * the terminal has broken lines into several, and would join them again. (Never all at once: from the top of the
   * screen that would scroll them into the history.)
   */
  #block(lines: readonly string[]): string {
    const erase = this.#screen.size().width === this.#width ? "" : `${ESC}2K`;
    return `${lines.map((line) => `${erase}${line}${ESC}K\n`).join("")}${lines.length === 0 ? `${ESC}2K` : ""}${ESC}J`;
  }

  /** To the first row of the picture. A terminal that became narrower has broken its lines into several rows. */
  #toTop(): string {
    const { width, height } = this.#screen.size();
    const rows = this.#lines.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line.replace(COLOR, "")) / width)),
      0,
    );
    const up = Math.min(rows, height - 1);
    return up === 0 ? "\r" : `\r${ESC}${up}A`;
  }
}
