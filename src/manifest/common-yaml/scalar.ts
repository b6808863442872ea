import type { Json } from "../../util/json.ts";
import { giveUp } from "./step-aside.ts";

/** Words without quotes that are no text (YAML 1.2, core schema). */
const words: ReadonlyMap<string, null | boolean> = new Map<string, null | boolean>([
  ["~", null],
  ["null", null],
  ["Null", null],
  ["NULL", null],
  ["true", true],
  ["True", true],
  ["TRUE", true],
  ["false", false],
  ["False", false],
  ["FALSE", false],
]);

const NUMERIC_START = /^[-+.\d]/;
/** Numbers that are the same whoever reads them: short, in their usual spelling. */
const INTEGER = /^(?:0|-?[1-9]\d{0,14})$/;
const DECIMAL = /^-?(?:0|[1-9]\d{0,8})\.\d{1,6}$/;
/** Every other spelling of a number. */
const NUMBER =
  /^(?:[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|0o[0-7]+|0x[\da-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/** The value of a text without quotes. */
export function plainValue(text: string): Json {
  if (NUMERIC_START.test(text)) {
    if (INTEGER.test(text) || DECIMAL.test(text)) return Number(text);
    return NUMBER.test(text) ? giveUp() : text;
  }
  // The longest of the words has five letters.
  if (text.length <= 5) {
    const value = words.get(text);
    if (value !== undefined) return value;
  }
  return text;
}

/** What a text without quotes may be as a key: a word, so that nothing else can be meant by it. */
export function isWord(text: string): boolean {
  return text.length > 5 || !words.has(text);
}

/** The value of a text in double quotes, given with them. Escapes are those that JSON has too. */
export function doubleQuotedValue(quoted: string): string {
  if (!quoted.includes("\\")) return quoted.slice(1, -1);
  return JSON.parse(quoted) as string;
}
