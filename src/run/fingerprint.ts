import { sha256 } from "../util/digest.ts";
import { canonicalJson, type Json } from "../util/json.ts";

/**
 * What an attempt was asked: `S.I` of SEMANTICS.md "Resume", two times 20 hex digits. S is the step as written
 * (see plan/step-digest.ts), I the values that it read. A fact answers only for an equal fingerprint.
 */
export function fingerprint(staticDigest: string, read: readonly (readonly [name: string, value: Json])[]): string {
  return `${staticDigest.slice(0, 20)}.${sha256(canonicalJson(read)).slice(0, 20)}`;
}

/** Whether two fingerprints differ in the step as written, in the values that it read, or not at all. */
export function fingerprintChange(before: string, now: string): "same" | "step" | "values" {
  if (before === now) return "same";
  return before.slice(0, before.indexOf(".")) === now.slice(0, now.indexOf(".")) ? "values" : "step";
}
