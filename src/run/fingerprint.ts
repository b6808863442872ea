import { sha256 } from "../util/digest.ts";
import { canonicalJson } from "../util/canonical-json.ts";
import type { Json } from "../util/json.ts";

/** Hex digits of each half: 80 bits, as far from a collision as a run is from 2^40 attempts. */
const HALF = 20;

/**
 * What an attempt was asked: S and I of SEMANTICS.md "Resume", 20 hex digits each. S is the step as written
 * (see plan/step-digest.ts), I the values that it read. A fact answers only for an equal fingerprint.
 */
export function fingerprint(staticDigest: string, read: readonly (readonly [name: string, value: Json])[]): string {
  return halves(staticDigest, canonicalJson(read));
}

/** The longest text that is kept (characters): what is longer is read by few. */
const LONGEST_KEPT = 1024 * 1024;

/** Shorter texts are written as fast as they are found. */
const SHORTEST_KEPT = 256;

/**
 * Fingerprints of the units of one step. Most of what they read they share (the environment, inputs, the output of a
 * step before): its canonical text is kept from one unit to the next.
 */
export class Fingerprints {
  readonly #kept = new Map<string, { readonly value: Json; readonly text: string }>();

  /** The same as `fingerprint`. */
  of(staticDigest: string, read: readonly (readonly [name: string, value: Json])[]): string {
    let text = "[";
    for (const [name, value] of read)
      text += `${text === "[" ? "" : ","}[${canonicalJson(name)},${this.#textOf(name, value)}]`;
    return halves(staticDigest, `${text}]`);
  }

  #textOf(name: string, value: Json): string {
    const isWorthIt =
      typeof value === "string" ? value.length >= SHORTEST_KEPT : value !== null && typeof value === "object";
    if (!isWorthIt) return canonicalJson(value);
    const kept = this.#kept.get(name);
    // Values are never changed: the same one has the same text.
    if (kept !== undefined && kept.value === value) return kept.text;
    const text = canonicalJson(value);
    if (text.length <= LONGEST_KEPT) this.#kept.set(name, { value, text });
    return text;
  }
}

function halves(staticDigest: string, read: string): string {
  return `${staticDigest.slice(0, HALF)}${sha256(read).slice(0, HALF)}`;
}

/** Whether two fingerprints differ in the step as written, in the values that it read, or not at all. */
export function fingerprintChange(before: string, now: string): "same" | "step" | "values" {
  if (before === now) return "same";
  return before.slice(0, HALF) === now.slice(0, HALF) ? "values" : "step";
}
