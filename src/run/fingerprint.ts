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
  return `${staticDigest.slice(0, HALF)}${sha256(canonicalJson(read)).slice(0, HALF)}`;
}

/** Whether two fingerprints differ in the step as written, in the values that it read, or not at all. */
export function fingerprintChange(before: string, now: string): "same" | "step" | "values" {
  if (before === now) return "same";
  return before.slice(0, HALF) === now.slice(0, HALF) ? "values" : "step";
}
