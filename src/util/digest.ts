import { createHash, hash } from "node:crypto";
import { canonicalJson, writeCanonicalJson } from "./canonical-json.ts";
import type { Json } from "./json.ts";

/** SHA-256 of a text (UTF-8) or of bytes, as 64 lower-case hex digits. */
export function sha256(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}

/** SHA-256 of a value's canonical JSON: equal values have equal digests. */
export function digestOf(value: Json): string {
  // Most values are a word or a number: one call costs a third of making a sum, feeding it and asking it.
  if (value === null || typeof value !== "object") return sha256(canonicalJson(value));
  const sum = createHash("sha256");
  writeCanonicalJson(value, (part) => sum.update(part));
  return sum.digest("hex");
}
