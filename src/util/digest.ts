import { createHash, hash } from "node:crypto";
import { writeCanonicalJson } from "./canonical-json.ts";
import type { Json } from "./json.ts";

/** SHA-256 of a text (UTF-8) or of bytes, as 64 lower-case hex digits. */
export function sha256(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}

/** SHA-256 of a value's canonical JSON: equal values have equal digests. */
export function digestOf(value: Json): string {
  const sum = createHash("sha256");
  writeCanonicalJson(value, (part) => sum.update(part));
  return sum.digest("hex");
}
