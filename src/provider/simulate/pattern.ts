import { compilePattern } from "../../util/pattern.ts";
import { pick } from "./seed.ts";

/** What a quantifier without an end may add to its least. */
const MOST_EXTRA = 3;
/** No part is repeated more often, whatever the pattern asks. */
const MOST_REPEATS = 1000;
/** No made-up text is longer. UTF-16 units. */
const LONGEST = 64 * 1024;
const DEEPEST = 32;

const classes: { readonly [escape: string]: string } = {
  d: "0123456789",
  w: "abcdefghijklmnopqrstuvwxyz0123456789_",
  s: " ",
  D: "abcdefghijklmnopqrstuvwxyz",
  W: "-",
  S: "abcdefghijklmnopqrstuvwxyz",
};
const controls: { readonly [escape: string]: string } = { n: "\n", t: "\t", r: "\r", f: "\f", v: "\v" };
const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join("");

/**
 * A text that matches a regular expression: literals, classes, groups, alternatives and quantifiers. null when it has
 * more than that, or when nothing that was made matches (what an inner `^` or `\b` asks is not looked at).
 */
export function simulatedMatch(pattern: string, seed: string): string | null {
  const compiled = compilePattern(pattern);
  if (!compiled.ok) return null;
  try {
    const text = new Writer(pattern, seed).write();
    return compiled.value.test(text) ? text : null;
  } catch (error) {
    if (error instanceof Beyond) return null;
    throw error;
  }
}

/** The pattern has something that the writer cannot follow. */
class Beyond extends Error {}

/** Reads a pattern from left to right and writes what matches: each part is read as often as it is repeated. */
class Writer {
  readonly #source: string;
  readonly #seed: string;
  #at = 0;
  #choices = 0;
  #depth = 0;
  #length = 0;

  constructor(source: string, seed: string) {
    this.#source = source;
    this.#seed = seed;
  }

  write(): string {
    const text = this.#alternatives();
    if (this.#at < this.#source.length) throw new Beyond();
    return text;
  }

  #pick(limit: number): number {
    this.#choices += 1;
    return pick(`${this.#seed}~${this.#choices}`, limit);
  }

  /** `a|b|c` up to the end of the group: all are read, one is taken. */
  #alternatives(): string {
    if (this.#depth > DEEPEST) throw new Beyond();
    this.#depth += 1;
    const texts = [this.#sequence()];
    while (this.#source[this.#at] === "|") {
      this.#at += 1;
      texts.push(this.#sequence());
    }
    this.#depth -= 1;
    return texts[this.#pick(texts.length)] as string;
  }

  #sequence(): string {
    let text = "";
    while (this.#at < this.#source.length && !"|)".includes(this.#source[this.#at] as string)) text += this.#repeated();
    return text;
  }

  /** One part with its quantifier. */
  #repeated(): string {
    const start = this.#at;
    const once = this.#part();
    const end = this.#at;
    const [least, most] = this.#quantifier();
    const after = this.#at;
    const times = least + this.#pick(most - least + 1);
    if (times === 0) return "";
    let text = once;
    for (let turn = 1; turn < times; turn += 1) {
      this.#at = start;
      text += this.#part();
      if (this.#at !== end) throw new Beyond();
    }
    this.#at = after;
    this.#length += text.length;
    if (this.#length > LONGEST) throw new Beyond();
    return text;
  }

  #quantifier(): readonly [least: number, most: number] {
    const match = /^(?:[*+?]|\{(\d{1,6})(,(\d{0,6}))?\})\??/.exec(this.#source.slice(this.#at, this.#at + 20));
    if (match === null) return [1, 1];
    this.#at += match[0].length;
    const [sign, from, hasEnd, to] = match;
    if (sign.startsWith("*")) return [0, MOST_EXTRA];
    if (sign.startsWith("+")) return [1, 1 + MOST_EXTRA];
    if (sign.startsWith("?")) return [0, 1];
    const least = Number(from);
    const most = hasEnd === undefined ? least : to === "" ? least + MOST_EXTRA : Number(to);
    if (least > MOST_REPEATS) throw new Beyond();
    return [least, Math.min(most, least + MOST_EXTRA)];
  }

  #part(): string {
    const sign = this.#source[this.#at] as string;
    this.#at += 1;
    switch (sign) {
      case "^":
      case "$":
        return "";
      case ".":
        return this.#oneOf(classes["w"] as string);
      case "(":
        return this.#group();
      case "[":
        return this.#class();
      case "\\":
        return this.#escape();
      default:
        return sign;
    }
  }

  #group(): string {
    const opening = /^\?(?::|P?<[A-Za-z]\w*>)/.exec(this.#source.slice(this.#at, this.#at + 80));
    if (opening === null && this.#source[this.#at] === "?") throw new Beyond();
    this.#at += opening?.[0].length ?? 0;
    const text = this.#alternatives();
    if (this.#source[this.#at] !== ")") throw new Beyond();
    this.#at += 1;
    return text;
  }

  #escape(): string {
    const name = this.#source[this.#at] ?? "";
    this.#at += 1;
    if (Object.hasOwn(classes, name)) return this.#oneOf(classes[name] as string);
    if (Object.hasOwn(controls, name)) return controls[name] as string;
    if (name === "b" || name === "B" || name === "A" || name === "z") return "";
    if (/[A-Za-z0-9]/.test(name)) throw new Beyond();
    return name;
  }

  /** `[a-z_\d]`, `[^"]`. */
  #class(): string {
    const isNegated = this.#source[this.#at] === "^";
    if (isNegated) this.#at += 1;
    const members = new Set<string>();
    for (let isFirst = true; this.#source[this.#at] !== "]" || isFirst; isFirst = false) {
      const from = this.#member();
      for (const member of this.#source[this.#at] === "-" && this.#source[this.#at + 1] !== "]"
        ? this.#range(from)
        : from)
        members.add(member);
    }
    this.#at += 1;
    const all = isNegated ? [...printable].filter((char) => !members.has(char)) : [...members];
    if (all.length === 0) throw new Beyond();
    return this.#oneOf(all);
  }

  /** What one character or escape in a class stands for. */
  #member(): string {
    const sign = this.#source[this.#at];
    if (sign === undefined || (sign === "[" && this.#source[this.#at + 1] === ":")) throw new Beyond();
    this.#at += 1;
    if (sign !== "\\") return sign;
    const name = this.#source[this.#at] ?? "";
    if (!Object.hasOwn(classes, name)) return this.#escape();
    this.#at += 1;
    return classes[name] as string;
  }

  #range(from: string): string {
    this.#at += 1;
    const to = this.#member();
    const [first, last] = [from.codePointAt(0) ?? 0, to.codePointAt(0) ?? 0];
    if (from.length !== 1 || to.length !== 1 || last < first) throw new Beyond();
    const count = Math.min(last - first + 1, 256);
    return Array.from({ length: count }, (_, index) => String.fromCodePoint(first + index)).join("");
  }

  #oneOf(choices: string | readonly string[]): string {
    return choices[this.#pick(choices.length)] as string;
  }
}
