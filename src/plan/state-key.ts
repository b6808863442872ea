import { printable } from "../diagnostic/printable.ts";

/** The most letters of a key of the state store. */
export const LONGEST_KEY = 256;

/** A key in letters: what can be typed, and read in a list. */
export function isStateKey(key: string): boolean {
  return key.trim() !== "" && key.length <= LONGEST_KEY && printable(key) === key;
}
